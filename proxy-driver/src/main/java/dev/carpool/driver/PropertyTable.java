package dev.carpool.driver;

import java.sql.DriverPropertyInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** What {@link CarpoolDriver#getPropertyInfo} tells: our properties, then pgjdbc's. */
final class PropertyTable {
    private PropertyTable() {}

    static DriverPropertyInfo[] of(CarpoolUrl url, Properties given) {
        Map<String, String> ours = LoginPlan.carpoolProperties(url, given);
        List<DriverPropertyInfo> rows = new ArrayList<>();
        for (CarpoolProperty property : CarpoolProperty.values()) {
            rows.add(row(property, ours.getOrDefault(property.key(), property.defaultValue())));
        }
        org.postgresql.Driver pgjdbc = new org.postgresql.Driver();
        Collections.addAll(rows, pgjdbc.getPropertyInfo(url.forPgjdbc(), LoginPlan.pgjdbcProperties(given)));
        return rows.toArray(DriverPropertyInfo[]::new);
    }

    private static DriverPropertyInfo row(CarpoolProperty property, String value) {
        DriverPropertyInfo row = new DriverPropertyInfo(property.key(), value);
        row.description = property.description();
        if (!property.choices().isEmpty()) {
            row.choices = property.choices().toArray(String[]::new);
        }
        return row;
    }
}
