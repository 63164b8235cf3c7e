package io.strimzi.crdgenerator.annotations;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

// The jar of Strimzi's API carries these annotations, but not their classes; without a class the JVM leaves an annotation out.

@Retention(RetentionPolicy.RUNTIME)
@interface Minimum {
    int value();
}

@Retention(RetentionPolicy.RUNTIME)
@interface Maximum {
    int value();
}

@Retention(RetentionPolicy.RUNTIME)
@interface Pattern {
    String value();
}

@Retention(RetentionPolicy.RUNTIME)
@interface PresentInVersions {
    String value();
}

@Retention(RetentionPolicy.RUNTIME)
@interface RequiredInVersions {
    String value();
}
