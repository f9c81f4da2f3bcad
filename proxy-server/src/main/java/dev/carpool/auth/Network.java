package dev.carpool.auth;

import io.netty.util.NetUtil;
import java.util.Optional;

/** A range of IPv4 or IPv6 addresses: those that have the same leading bits. */
final class Network {
    private final byte[] address;
    private final byte[] mask;

    private Network(byte[] address, byte[] mask) {
        this.address = address;
        this.mask = mask;
    }

    /** {@code 10.0.0.0/8} or {@code fd00::/8}; empty when it is nothing of the kind. */
    static Optional<Network> ofCidr(String text) {
        int slash = text.indexOf('/');
        Optional<byte[]> address = slash < 0 ? Optional.empty() : addressOf(text.substring(0, slash));
        String bits = text.substring(slash + 1);
        boolean number = !bits.isEmpty() && bits.length() <= 3 && bits.chars().allMatch(c -> c >= '0' && c <= '9');
        if (address.isEmpty() || !number || Integer.parseInt(bits) > 8 * address.get().length) {
            return Optional.empty();
        }
        return Optional.of(new Network(address.get(), mask(address.get().length, Integer.parseInt(bits))));
    }

    /** An address and a mask of the same kind, such as {@code 255.0.0.0}. */
    static Optional<Network> of(String address, String mask) {
        Optional<byte[]> addressBytes = addressOf(address);
        Optional<byte[]> maskBytes = addressOf(mask);
        boolean sound = addressBytes.isPresent()
                && maskBytes.isPresent()
                && addressBytes.get().length == maskBytes.get().length;
        return sound ? Optional.of(new Network(addressBytes.get(), maskBytes.get())) : Optional.empty();
    }

    static Optional<byte[]> addressOf(String text) {
        boolean sound = NetUtil.isValidIpV4Address(text)
                || (NetUtil.isValidIpV6Address(text) && "[%".chars().noneMatch(c -> text.indexOf(c) >= 0));
        return sound ? Optional.ofNullable(NetUtil.createByteArrayFromIpAddressString(text)) : Optional.empty();
    }

    private static byte[] mask(int length, int bits) {
        byte[] mask = new byte[length];
        for (int i = 0; i < bits; i++) {
            mask[i / 8] |= (byte) (0x80 >> (i % 8));
        }
        return mask;
    }

    boolean contains(byte[] other) {
        if (other.length != address.length) {
            return false;
        }
        for (int i = 0; i < mask.length; i++) {
            if (((address[i] ^ other[i]) & mask[i]) != 0) {
                return false;
            }
        }
        return true;
    }
}
