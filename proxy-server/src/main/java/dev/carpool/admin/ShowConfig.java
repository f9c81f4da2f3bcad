package dev.carpool.admin;

import dev.carpool.config.SettingValue;
import java.util.List;

/** {@code SHOW CONFIG}: every setting; secrets are masked. */
final class ShowConfig extends Show {
    @Override
    public List<Column> columns() {
        return List.of(Column.text("key"), Column.text("value"), Column.text("default"), Column.text("changeable"));
    }

    @Override
    void fill(CommandRun run, ResultTable table) {
        for (SettingValue setting : SettingValue.of(run.proxy().config())) {
            table.row(setting.key(), setting.value(), setting.defaultValue(), setting.changeable() ? "yes" : "no");
        }
    }
}
