/** Starts, wires and stops everything. */
@NullMarked
package dev.carpool;

import org.jspecify.annotations.NullMarked;
