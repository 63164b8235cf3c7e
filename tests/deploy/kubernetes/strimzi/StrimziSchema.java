import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the strict JSON Schemas of Strimzi's resources, from the classes of its API: the custom resource definitions
 * themselves, which Strimzi generates from the same classes and annotations, are in no package registry.
 *
 * Arguments: the API version, then names of classes. Output: one JSON object, kind to schema.
 */
public class StrimziSchema {
    private static final List<String> VERSIONS = List.of("v1alpha1", "v1beta1", "v1beta2", "v1");
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private final String version;

    StrimziSchema(String version) {
        this.version = version;
    }

    public static void main(String[] arguments) throws Exception {
        StrimziSchema schema = new StrimziSchema(arguments[0]);
        Map<String, Object> all = new LinkedHashMap<>();
        for (String name : List.of(arguments).subList(1, arguments.length)) {
            Class<?> kind = Class.forName(name);
            all.put(kind.getSimpleName(), schema.bean(kind));
        }
        System.out.println(MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(all));
    }

    private Map<String, Object> of(JavaType type) throws Exception {
        Class<?> plain = type.getRawClass();
        if (type.isCollectionLikeType()) {
            return map("type", "array", "items", of(type.getContentType()));
        }
        if (type.isMapLikeType()) {
            boolean any = type.getContentType().getRawClass() == Object.class;
            return map("type", "object", "additionalProperties", any ? true : of(type.getContentType()));
        }
        if (plain == String.class) {
            return map("type", "string");
        }
        if (plain == Boolean.class || plain == boolean.class) {
            return map("type", "boolean");
        }
        if (plain == Integer.class || plain == int.class || plain == Long.class || plain == long.class) {
            return map("type", "integer");
        }
        if (plain == Double.class || plain == double.class) {
            return map("type", "number");
        }
        if (plain.isEnum()) {
            List<Object> names = new ArrayList<>();
            for (Object constant : plain.getEnumConstants()) {
                names.add(MAPPER.convertValue(constant, String.class));
            }
            return map("enum", names);
        }
        if (!plain.getName().startsWith("io.strimzi.")) {
            return map("type", "object"); // of Kubernetes: metadata, which is checked by its own schema
        }
        JsonSubTypes subtypes = plain.getDeclaredAnnotation(JsonSubTypes.class);
        JsonTypeInfo info = plain.getDeclaredAnnotation(JsonTypeInfo.class);
        return subtypes == null ? bean(plain) : oneOf(subtypes, info.property());
    }

    private Map<String, Object> oneOf(JsonSubTypes subtypes, String tag) throws Exception {
        List<Object> choices = new ArrayList<>();
        for (JsonSubTypes.Type subtype : subtypes.value()) {
            Map<String, Object> choice = bean(subtype.value());
            @SuppressWarnings("unchecked")
            Map<String, Object> properties = (Map<String, Object>) choice.get("properties");
            @SuppressWarnings("unchecked")
            List<Object> required = (List<Object>) choice.get("required");
            properties.put(tag, map("const", subtype.name()));
            if (!required.contains(tag)) {
                required.add(tag);
            }
            choices.add(choice);
        }
        return map("oneOf", choices);
    }

    private Map<String, Object> bean(Class<?> type) throws Exception {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<Object> required = new ArrayList<>();
        var config = MAPPER.getSerializationConfig();
        for (BeanPropertyDefinition property : config.introspect(config.constructType(type)).findProperties()) {
            if (property.getGetter() == null) {
                continue;
            }
            Method getter = property.getGetter().getAnnotated();
            Map<String, Object> schema = new LinkedHashMap<>(of(property.getGetter().getType()));
            boolean present = true;
            boolean needed = false;
            for (Annotation annotation : getter.getAnnotations()) {
                switch (annotation.annotationType().getSimpleName()) {
                    case "Minimum" -> schema.put("minimum", value(annotation));
                    case "Maximum" -> schema.put("maximum", value(annotation));
                    case "Pattern" -> schema.put("pattern", value(annotation));
                    case "PresentInVersions" -> present = includes((String) value(annotation));
                    case "RequiredInVersions" -> needed |= includes((String) value(annotation));
                    case "JsonProperty" -> needed |= ((JsonProperty) annotation).required();
                    default -> { }
                }
            }
            if (present) {
                properties.put(property.getName(), schema);
                if (needed) {
                    required.add(property.getName());
                }
            }
        }
        return map("type", "object", "properties", properties, "required", required, "additionalProperties", false);
    }

    private static Object value(Annotation annotation) throws Exception {
        Method value = annotation.annotationType().getDeclaredMethod("value");
        value.setAccessible(true);
        return value.invoke(annotation);
    }

    /** Whether a range such as "v1+", "v1alpha1-v1beta2" or "v1beta2" includes the version. */
    private boolean includes(String range) {
        int here = VERSIONS.indexOf(version);
        if (range.equals("all")) {
            return true;
        }
        if (range.endsWith("+")) {
            return here >= index(range.substring(0, range.length() - 1));
        }
        String[] ends = range.split("-");
        return here >= index(ends[0]) && here <= index(ends[ends.length - 1]);
    }

    private static int index(String name) {
        int index = VERSIONS.indexOf(name);
        if (index < 0) {
            throw new IllegalArgumentException("unknown version " + name);
        }
        return index;
    }

    private static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
