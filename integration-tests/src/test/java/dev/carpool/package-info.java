/** What cannot be seen through the proxy. */
@NullMarked
package dev.carpool;

import org.jspecify.annotations.NullMarked;
