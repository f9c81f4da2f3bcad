/** Cheap signals that a transaction may have left state on its server connection. */
@NullMarked
package dev.carpool.suspicion;

import org.jspecify.annotations.NullMarked;
