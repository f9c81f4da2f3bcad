/** The JDBC driver for {@code jdbc:carpool:postgresql:} URLs: pgjdbc, with retries while the proxy starts. */
@NullMarked
package dev.carpool.driver;

import org.jspecify.annotations.NullMarked;
