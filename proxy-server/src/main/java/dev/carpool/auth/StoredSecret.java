package dev.carpool.auth;

import dev.carpool.config.Secret;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The secret of one user as a user list or {@code auth_query} holds it: a plain password, an MD5 password or a SCRAM
 * verifier, told apart by their form as in PgBouncer. Thread-safe; prints without the secret.
 */
public final class StoredSecret {
    private enum Form {
        PLAIN,
        MD5,
        SCRAM
    }

    private final String user;
    private final Form form;
    private final Secret secret;
    private final int iterations;
    private volatile @Nullable ScramVerifier verifier;

    private StoredSecret(String user, Form form, Secret secret, int iterations, @Nullable ScramVerifier verifier) {
        this.user = user;
        this.form = form;
        this.secret = secret;
        this.iterations = iterations;
        this.verifier = verifier;
    }

    /** @param iterations of verifiers that are made from a plain password */
    public static StoredSecret of(String user, Secret secret, int iterations) {
        String text = secret.reveal();
        Optional<ScramVerifier> parsed = ScramVerifier.parse(text);
        if (parsed.isPresent()) {
            return new StoredSecret(user, Form.SCRAM, secret, iterations, parsed.get());
        }
        Form form = Md5Password.isStored(text) ? Form.MD5 : Form.PLAIN;
        return new StoredSecret(user, form, secret, iterations, null);
    }

    public String user() {
        return user;
    }

    /**
     * Whether this is the user's password. An empty password never is. Expensive for a SCRAM verifier (see
     * {@link ScramVerifier#ofPassword}), otherwise cheap; constant time.
     */
    public boolean matches(Secret password) {
        if (password.isEmpty()) {
            return false;
        }
        return switch (form) {
            case PLAIN -> secret.equals(password);
            case MD5 -> sameMd5(Md5Password.stored(password, user));
            case SCRAM -> scramVerifier().orElseThrow().matches(password);
        };
    }

    private boolean sameMd5(Secret candidate) {
        byte[] anySalt = new byte[Md5Password.SALT_LENGTH];
        return Md5Password.verify(secret, anySalt, Md5Password.response(candidate, anySalt));
    }

    /** Whether an MD5 login can be checked against this secret. */
    public boolean canCheckMd5() {
        return form == Form.MD5 || (form == Form.PLAIN && !secret.isEmpty());
    }

    /** Whether this answer to AuthenticationMD5Password is right; false when {@link #canCheckMd5} is. Cheap. */
    public boolean matchesMd5(byte[] salt, Secret response) {
        return canCheckMd5() && Md5Password.verify(md5(), salt, response);
    }

    private Secret md5() {
        return form == Form.MD5 ? secret : Md5Password.stored(secret, user);
    }

    /**
     * The verifier for a SCRAM login; empty for an MD5 password, which cannot be checked so. Expensive the first time
     * for a plain password (see {@link ScramVerifier#ofPassword}), cheap otherwise.
     */
    public Optional<ScramVerifier> scramVerifier() {
        if (form == Form.MD5 || secret.isEmpty()) {
            return Optional.empty();
        }
        ScramVerifier known = verifier;
        if (known == null) {
            known = ScramVerifier.ofPassword(secret, iterations);
            verifier = known;
        }
        return Optional.of(known);
    }

    /** What this secret can do at a server's login; nothing for a SCRAM verifier, which needs the client's proof. */
    public ServerCredentials serverCredentials() {
        return switch (form) {
            case PLAIN -> secret.isEmpty() ? ServerCredentials.none() : new ServerCredentials.Plain(secret);
            case MD5 -> new ServerCredentials.Md5Hash(secret);
            case SCRAM -> ServerCredentials.none();
        };
    }

    /** Same user and same secret; verifiers made from them may differ. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StoredSecret stored
                && user.equals(stored.user)
                && iterations == stored.iterations
                && secret.equals(stored.secret);
    }

    @Override
    public int hashCode() {
        return user.hashCode();
    }

    @Override
    public String toString() {
        return "StoredSecret[user=" + user + ", " + form + "]";
    }
}
