/** LISTEN for many client sessions over one server connection of each database. */
@NullMarked
package dev.carpool.listen;

import org.jspecify.annotations.NullMarked;
