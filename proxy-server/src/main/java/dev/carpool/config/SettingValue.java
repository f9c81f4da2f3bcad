package dev.carpool.config;

import java.util.Comparator;
import java.util.List;

/**
 * One line of SHOW CONFIG.
 *
 * @param value masked for secrets
 * @param changeable whether a reload changes it
 */
public record SettingValue(String key, String value, String defaultValue, boolean changeable) {

    /** The settings of the whole proxy, by key. */
    public static List<SettingValue> of(CarpoolConfig config) {
        return Settings.all().stream()
                .filter(setting -> setting.isFor(Scope.GLOBAL))
                .map(setting -> of(setting, config))
                .sorted(Comparator.comparing(SettingValue::key))
                .toList();
    }

    private static <T> SettingValue of(Setting<T> setting, CarpoolConfig config) {
        String defaultValue = setting.type().format(setting.defaultValue(Dialect.CARPOOL));
        return new SettingValue(setting.key(), setting.show(config), defaultValue, setting.reloadable());
    }
}
