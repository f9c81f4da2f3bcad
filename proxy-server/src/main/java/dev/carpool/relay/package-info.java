/** Bytes between one client session and one server connection. */
@NullMarked
package dev.carpool.relay;

import org.jspecify.annotations.NullMarked;
