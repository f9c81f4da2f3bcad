package dev.carpool;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

/** Who may use whom. A layer uses itself and what is below it. */
class LayersTest {
    /** From top to bottom. {@code dev.carpool} itself stands above all of them. */
    private static final List<Set<String>> LAYERS = List.of(
            Set.of("admin", "metrics"),
            Set.of("client"),
            Set.of("relay", "pool", "listen", "cancel"),
            Set.of("server"),
            Set.of("auth", "params", "prepared", "suspicion", "tls"),
            Set.of("error"),
            Set.of("protocol", "config"));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.carpool");

    @TestFactory
    Stream<DynamicTest> lowerLayersDoNotUseHigherOnes() {
        List<DynamicTest> tests = new ArrayList<>();
        List<String> above = new ArrayList<>(List.of("dev.carpool"));
        for (Set<String> layer : LAYERS) {
            String[] forbidden = above.toArray(String[]::new);
            ArchRule rule = noClasses()
                    .that(resideInAnyPackage(packages(layer)))
                    .should()
                    .dependOnClassesThat(resideInAnyPackage(forbidden));
            tests.add(DynamicTest.dynamicTest(String.join(", ", layer), () -> check(rule)));
            above.addAll(List.of(packages(layer)));
        }
        return tests.stream();
    }

    /** A cycle would make its packages one package with several names. */
    @Test
    void packagesAreFreeOfCycles() {
        check(slices().matching("dev.carpool.(*)..").should().beFreeOfCycles());
    }

    @Test
    void everyPackageHasALayer() {
        Set<String> layered = LAYERS.stream().flatMap(Set::stream).collect(Collectors.toSet());
        Set<String> unknown = CLASSES.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> name.startsWith("dev.carpool."))
                .map(name -> name.substring("dev.carpool.".length()).split("\\.", 2)[0])
                .filter(name -> !layered.contains(name))
                .collect(Collectors.toSet());
        assertTrue(unknown.isEmpty(), () -> "no layer for " + unknown);
    }

    @Test
    void helpersLiveBesideTheirUser() {
        check(noClasses()
                .should()
                .resideInAnyPackage("..util..", "..utils..", "..common..", "..impl..", "..helper..", "..internal.."));
    }

    @Test
    void protocolKnowsNothingOfNettyButBuffers() {
        check(noClasses()
                .that(resideInAPackage("dev.carpool.protocol.."))
                .should()
                .dependOnClassesThat(resideInAPackage("io.netty..")
                        .and(not(resideInAnyPackage("io.netty.buffer..", "io.netty.util..")))));
    }

    /** The relay path is Netty alone. */
    @Test
    void librariesStayBehindTheirPackage() {
        check(onlyIn("io.micrometer..", "dev.carpool.metrics.."));
        check(onlyIn("io.prometheus..", "dev.carpool.metrics.."));
        check(onlyIn("com.github.benmanes.caffeine..", "dev.carpool.auth..", "dev.carpool.prepared.."));
        check(onlyIn("org.snakeyaml..", "dev.carpool.config.."));
        check(onlyIn("picocli..", "dev.carpool"));
        check(onlyIn("com.fasterxml.jackson..", "dev.carpool.metrics..", "dev.carpool.admin.."));
    }

    @Test
    void packagesAreNullMarked() {
        Set<String> unmarked = CLASSES.stream()
                .map(JavaClass::getPackage)
                .filter(found -> !found.isAnnotatedWith("org.jspecify.annotations.NullMarked"))
                .map(JavaPackage::getName)
                .collect(Collectors.toSet());
        assertTrue(unmarked.isEmpty(), () -> "no @NullMarked package-info in " + unmarked);
    }

    private static ArchRule onlyIn(String library, String... users) {
        return noClasses().that(not(resideInAnyPackage(users))).should().dependOnClassesThat(resideInAPackage(library));
    }

    private static String[] packages(Set<String> layer) {
        return layer.stream().map(name -> "dev.carpool." + name + "..").toArray(String[]::new);
    }

    /** A rule about a package that has no classes yet holds. */
    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }
}
