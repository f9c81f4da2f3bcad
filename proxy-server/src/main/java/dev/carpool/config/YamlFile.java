package dev.carpool.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads carpool.yaml: settings at the top level, and the maps {@code databases} and {@code users}. YAML 1.2. */
final class YamlFile {
    private final Origin file;
    private final GivenSettings given;
    private final Problems problems;

    private YamlFile(Origin file, GivenSettings given, Problems problems) {
        this.file = file;
        this.given = given;
        this.problems = problems;
    }

    static void read(Path path, GivenSettings given, Problems problems) throws IOException {
        Origin file = Origin.file(path.toString());
        LoadSettings settings = LoadSettings.builder()
                .setLabel(path.toString())
                .setUseMarks(true)
                .build();
        try (Reader text = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            Optional<Node> root = new Compose(settings).composeReader(text);
            root.ifPresent(new YamlFile(file, given, problems)::root);
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(0);
            broken(file.at(line), "is not YAML: " + e.getProblem(), given, problems);
        } catch (YamlEngineException e) {
            broken(file, "is not YAML", given, problems);
        }
    }

    private static void broken(Origin origin, String message, GivenSettings given, Problems problems) {
        problems.add(origin, "", message);
        given.markIncomplete();
    }

    private void root(Node root) {
        if (root.getTag().equals(Tag.NULL)) {
            return;
        }
        if (!(root instanceof MappingNode map)) {
            broken(origin(root), "must be a map of settings", given, problems);
            return;
        }
        for (NodeTuple pair : pairs("", map)) {
            String key = text(pair.getKeyNode());
            switch (key) {
                case "databases" -> entries(Scope.DATABASE, key, pair.getValueNode());
                case "users" -> entries(Scope.USER, key, pair.getValueNode());
                default -> setting(SettingPath.global(key), pair);
            }
        }
    }

    private void entries(Scope scope, String key, Node node) {
        if (node.getTag().equals(Tag.NULL)) {
            return;
        }
        if (!(node instanceof MappingNode map)) {
            problems.add(origin(node), key, "must be a map from names to settings");
            return;
        }
        for (NodeTuple pair : pairs(key + ".", map)) {
            String name = text(pair.getKeyNode());
            given.open(scope, name, origin(pair.getKeyNode()));
            entry(scope, key + "." + name, name, pair.getValueNode());
        }
    }

    private void entry(Scope scope, String path, String name, Node node) {
        if (node.getTag().equals(Tag.NULL)) {
            return;
        }
        if (!(node instanceof MappingNode map)) {
            problems.add(origin(node), path, "must be a map of settings");
            return;
        }
        for (NodeTuple pair : pairs(path + ".", map)) {
            setting(new SettingPath(scope, name, text(pair.getKeyNode())), pair);
        }
    }

    private void setting(SettingPath path, NodeTuple pair) {
        Node value = pair.getValueNode();
        Origin origin = origin(pair.getKeyNode());
        if (value.getTag().equals(Tag.NULL)) {
            problems.add(origin, path.toString(), "has no value; for an empty one write \"\"");
        } else if (value instanceof ScalarNode scalar) {
            given.give(new Given(path, scalar.getValue(), origin, Dialect.CARPOOL));
        } else if (value instanceof SequenceNode list
                && list.getValue().stream().allMatch(ScalarNode.class::isInstance)) {
            List<String> texts = list.getValue().stream().map(YamlFile::text).toList();
            given.give(new Given(path, String.join(",", texts), origin, Dialect.CARPOOL));
        } else {
            problems.add(origin, path.toString(), "must be a single value");
        }
    }

    /** The pairs of a map whose keys are plain and different. */
    private List<NodeTuple> pairs(String prefix, MappingNode map) {
        Map<String, Integer> lines = new HashMap<>();
        List<NodeTuple> pairs = new ArrayList<>();
        for (NodeTuple pair : map.getValue()) {
            Origin origin = origin(pair.getKeyNode());
            if (!(pair.getKeyNode() instanceof ScalarNode)) {
                problems.add(origin, prefix, "has a key that is no name");
                continue;
            }
            String key = text(pair.getKeyNode());
            Integer before = lines.putIfAbsent(key, origin.line());
            if (before == null) {
                pairs.add(pair);
            } else {
                problems.add(origin, prefix + key, "is there twice, first in line %d", before);
            }
        }
        return pairs;
    }

    private Origin origin(Node node) {
        return file.at(node.getStartMark().map(Mark::getLine).orElse(-1) + 1);
    }

    private static String text(Node node) {
        return ((ScalarNode) node).getValue();
    }
}
