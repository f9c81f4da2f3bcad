/** Certificates and TLS contexts on both sides. */
@NullMarked
package dev.carpool.tls;

import org.jspecify.annotations.NullMarked;
