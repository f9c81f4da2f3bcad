/** The application side: listening, logging in and serving client sessions. */
@NullMarked
package dev.carpool.client;

import org.jspecify.annotations.NullMarked;
