/** Settings kept for each client session and synced to the server connection it is linked with. */
@NullMarked
package dev.carpool.params;

import org.jspecify.annotations.NullMarked;
