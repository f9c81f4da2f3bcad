#!/bin/sh
# build.sh CARPOOL: the stage "build" of the Dockerfile. Leaves the program and its Java runtime in the directory CARPOOL.
set -eu
carpool=$1
runtime=$carpool/java
jar=${CARPOOL_JAR:-}

# A JDK that was copied out of a distribution's package may have left its certificates behind.
certificates=$JAVA_HOME/lib/security/cacerts
if [ ! -e "$certificates" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates-java >/dev/null
  mkdir -p /etc/ssl/certs/java
  for certificate in /etc/ssl/certs/*.pem; do echo "+$certificate"; done |
    java -jar /usr/share/ca-certificates-java/ca-certificates-java.jar -storepass changeit >/dev/null 2>&1
  [ -e "$certificates" ] || cp /etc/ssl/certs/java/cacerts "$(readlink -m "$certificates")"
fi

if [ -z "$jar" ]; then
  ./mvnw -B -ntp -pl proxy-server -am package -Dmaven.test.skip=true -Dspotless.check.skip=true -Djacoco.skip=true
  jar=proxy-server/target/carpool.jar
fi

# Native libraries go beside the jar, those of this machine only: unpacked at start they would need a writable /tmp
# that allows execution.
mkdir -p target/jar "$carpool/lib" "$carpool/bin"
cp "$jar" target/carpool.jar
(cd target/jar && jar --extract --file ../carpool.jar)
case $(uname -m) in
  aarch64 | arm64) machine=aarch_64 ;;
  *) machine=x86_64 ;;
esac
cp target/jar/META-INF/native/*_"$machine".so "$carpool/lib/"
rm -r target/jar/META-INF/native
jar --create --file "$carpool/carpool.jar" --manifest target/jar/META-INF/MANIFEST.MF -C target/jar .
cp deploy/image/carpool deploy/image/carpool-health "$carpool/bin/"
cp deploy/image/jvm.options "$carpool/"
cp LICENSE "$carpool/"
chmod -R a+rX "$carpool"

# More than jdeps finds from dev.carpool alone: java.naming reads distinguished names, java.management and
# jdk.management are for the metrics of the JVM, jdk.jfr for recordings, jdk.unsupported is sun.misc (signals, Netty).
# Left out of what jdeps finds: java.desktop and java.sql, which only unused binders of Micrometer name.
jlink --add-modules java.base,java.logging,java.management,java.naming,jdk.jfr,jdk.management,jdk.unsupported \
  --strip-java-debug-attributes --no-header-files --no-man-pages --output "$runtime"
