package dev.carpool.config;

/** Reads the configuration again while the proxy runs. Owned by whoever applies the result; one reload at a time. */
public final class ConfigReload {
    private ConfigReader reader;
    private CarpoolConfig current;

    public ConfigReload(ConfigReader reader, CarpoolConfig current) {
        this.reader = reader;
        this.current = current;
    }

    /** What applies now. */
    public synchronized CarpoolConfig current() {
        return current;
    }

    /**
     * Reads again. When there are problems, the reading has no configuration and {@link #current} stays; otherwise the new
     * one is current from now on, with the old values of what needs a restart.
     */
    public synchronized ConfigReading reload() {
        ConfigReading reading = reader.read(current);
        CarpoolConfig config = reading.config();
        if (config != null) {
            current = config;
        }
        return reading;
    }

    /** Reads again with one more {@code key=value}, as {@link ConfigReader#with(String)} takes it; keeps nothing of it. */
    public synchronized ConfigReading tryWith(String assignment) {
        return reader.with("SET", assignment).read(current);
    }

    /** From now on every reading has this {@code key=value}, and {@code config} applies. */
    public synchronized void keep(String assignment, CarpoolConfig config) {
        reader = reader.with("SET", assignment);
        current = config;
    }
}
