/** Real PostgreSQL, real drivers and scripted peers, through the proxy. */
@NullMarked
package dev.carpool.it;

import org.jspecify.annotations.NullMarked;
