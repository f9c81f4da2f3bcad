@NullMarked
package dev.carpool.driver;

import org.jspecify.annotations.NullMarked;
