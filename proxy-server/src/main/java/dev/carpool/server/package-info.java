/** The PostgreSQL side: opening, checking, resetting and closing server connections. */
@NullMarked
package dev.carpool.server;

import org.jspecify.annotations.NullMarked;
