/** The wire format; knows buffers, nothing else of Netty, nothing of Carpool. */
@NullMarked
package dev.carpool.protocol;

import org.jspecify.annotations.NullMarked;
