/** Prepared statement names across server connections. */
@NullMarked
package dev.carpool.prepared;

import org.jspecify.annotations.NullMarked;
