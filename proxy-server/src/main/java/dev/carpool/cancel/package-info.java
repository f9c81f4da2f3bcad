/** Cancel keys handed to clients, and the forwarding of cancel requests. */
@NullMarked
package dev.carpool.cancel;

import org.jspecify.annotations.NullMarked;
