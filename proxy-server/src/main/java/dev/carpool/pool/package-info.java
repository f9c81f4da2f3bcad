/** Who gets a server connection, and when. */
@NullMarked
package dev.carpool.pool;

import org.jspecify.annotations.NullMarked;
