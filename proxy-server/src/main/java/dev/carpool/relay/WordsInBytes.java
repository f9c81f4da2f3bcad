package dev.carpool.relay;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Finds words of one length in bytes, whatever they belong to, in upper or lower case (after Boyer, Moore and Horspool). */
final class WordsInBytes {
    private static final byte[] LOWER = new byte[256];

    static {
        for (int c = 0; c < 256; c++) {
            LOWER[c] = (byte) (c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c);
        }
    }

    private final byte[][] words;
    private final int length;

    /** How far the end of a word may move when it lies on this byte in lower case; 0 where a word ends with it. */
    private final byte[] step = new byte[256];

    /** @param words in lower case, all of one length */
    WordsInBytes(String... words) {
        this.length = words[0].length();
        this.words = new byte[words.length][];
        Arrays.fill(step, (byte) length);
        for (int w = 0; w < words.length; w++) {
            byte[] word = words[w].getBytes(StandardCharsets.US_ASCII);
            this.words[w] = word;
            for (int i = 0; i < length; i++) {
                step[word[i]] = (byte) Math.min(step[word[i]], length - 1 - i);
            }
        }
    }

    /** Whether one of the words is in {@code in[from, to)}. */
    boolean areIn(ByteBuf in, int from, int to) {
        int last = from + length - 1;
        while (last < to) {
            int far = step[LOWER[in.getByte(last) & 0xff] & 0xff];
            if (far == 0) {
                for (byte[] word : words) {
                    if (is(word, in, last)) {
                        return true;
                    }
                }
                far = 1;
            }
            last += far;
        }
        return false;
    }

    private boolean is(byte[] word, ByteBuf in, int last) {
        for (int i = length - 1; i >= 0; i--) {
            if (LOWER[in.getByte(last - length + 1 + i) & 0xff] != word[i]) {
                return false;
            }
        }
        return true;
    }
}
