package dev.carpool.auth;

import dev.carpool.config.ChannelBinding;
import dev.carpool.config.Secret;
import java.util.Collection;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy has to log in to a server as one user. Each method answers one kind of request of the server; empty
 * means that these credentials cannot. Immutable; prints without secrets.
 */
public sealed interface ServerCredentials {
    /** Good only for servers that ask for nothing, or for a client certificate. */
    static ServerCredentials none() {
        return new None();
    }

    /** The answer to AuthenticationCleartextPassword. Whether the connection is safe enough is the caller's concern. */
    default Optional<Secret> cleartext() {
        return Optional.empty();
    }

    /** The answer to AuthenticationMD5Password. Cheap. */
    default Optional<Secret> md5(String user, byte[] salt) {
        return Optional.empty();
    }

    /**
     * The exchange that answers AuthenticationSASL.
     *
     * @param peerBinding as in {@link ScramClient#withPassword}
     * @throws ScramFailure when the offered mechanisms do not fit the setting
     */
    default Optional<ScramClient> scram(
            Collection<String> offered, ChannelBinding setting, byte @Nullable [] peerBinding) throws ScramFailure {
        return Optional.empty();
    }

    /** A password; answers everything. */
    record Plain(Secret password) implements ServerCredentials {
        @Override
        public Optional<Secret> cleartext() {
            return Optional.of(password);
        }

        @Override
        public Optional<Secret> md5(String user, byte[] salt) {
            return Optional.of(Md5Password.response(Md5Password.stored(password, user), salt));
        }

        @Override
        public Optional<ScramClient> scram(
                Collection<String> offered, ChannelBinding setting, byte @Nullable [] peerBinding) throws ScramFailure {
            return Optional.of(ScramClient.withPassword(password, offered, setting, peerBinding));
        }
    }

    /** Keys of an earlier SCRAM login, of the client or of the proxy. */
    record Scram(ScramKeys keys) implements ServerCredentials {
        @Override
        public Optional<ScramClient> scram(
                Collection<String> offered, ChannelBinding setting, byte @Nullable [] peerBinding) throws ScramFailure {
            return Optional.of(ScramClient.withKeys(keys, offered, setting, peerBinding));
        }
    }

    /**
     * A stored MD5 password.
     *
     * @param stored {@code md5} and 32 hex digits
     */
    record Md5Hash(Secret stored) implements ServerCredentials {
        @Override
        public Optional<Secret> md5(String user, byte[] salt) {
            return Optional.of(Md5Password.response(stored, salt));
        }
    }

    /** No credentials. */
    record None() implements ServerCredentials {}
}
