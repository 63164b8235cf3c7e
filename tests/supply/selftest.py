"""The checks find what they are for."""

import copy
import unittest

import bom
import check
import crates
import notices
import parts
import spdx


class Licences(unittest.TestCase):
    def test_choices(self):
        for expression, taken in [
            ("MIT", {"MIT"}),
            ("MIT/Apache-2.0", {"Apache-2.0"}),
            ("MIT / Apache-2.0", {"Apache-2.0"}),
            ("Unlicense OR MIT", {"MIT"}),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", {"Apache-2.0", "Unicode-3.0"}),
            ("MIT AND BSD-3-Clause OR Zlib", {"MIT", "BSD-3-Clause"}),
            ("Apache-2.0 WITH LLVM-exception OR MIT", {"MIT"}),
            ("GPL-3.0-only OR MIT", {"MIT"}),
            ("((MIT))", {"MIT"}),
            ("GPL-3.0-only", None),
            ("GPL-3.0-only AND MIT", None),
            ("(GPL-2.0 OR LGPL-2.1) AND MIT", None),
            ("Apache-2.0 WITH Nobody-knows-exception", None),
        ]:
            self.assertEqual(spdx.taken(expression), taken and frozenset(taken), expression)

    def test_malformed(self):
        for expression in ["", "(", "(MIT", "MIT)", "MIT OR", "AND MIT", "MIT Apache-2.0", "(" * 5000, "MIT WITH"]:
            with self.assertRaises(spdx.Malformed, msg=expression):
                if spdx.taken(expression) is None:
                    raise spdx.Malformed

    def test_texts_are_known_by_their_words(self):
        third = "* Neither the name of the author may be used"
        for text, kinds in [
            ("Redistribution and use in source and\n   binary forms", {"BSD-2-Clause"}),
            (f"Redistribution and use in source and binary forms {third}", {"BSD-3-Clause"}),
            ("Permission is hereby granted, free of charge, to any\n// person obtaining a copy of this software", {"MIT"}),
            ("All rights reserved", set()),
        ]:
            self.assertEqual(notices.kinds(text), kinds, text)


class Lock(unittest.TestCase):
    def test_faults(self):
        good = {"name": "a", "version": "1.0.0", "source": check.REGISTRY, "checksum": "0" * 64}
        self.assertEqual(list(check.locked([good, {"name": "newsstage", "version": "0.1.0"}])), [])
        for wrong in [
            {"checksum": ""},
            {"checksum": "x" * 64},
            {"source": "git+https://example.org/a#1"},
            {"source": "registry+https://example.org/index"},
            {"name": "newsstage"},
        ]:
            self.assertEqual(len(list(check.locked([{**good, **wrong}]))), 1, wrong)
        self.assertEqual(len(list(check.locked([{"name": "a", "version": "1.0.0"}]))), 1)


class Unsafe(unittest.TestCase):
    def test_found_in_code_only(self):
        code = 'let a = unsafe { f() };\n// unsafe\nlet b = "unsafe";\nlet c = r#"unsafe "x" unsafe"#;\nis_unsafe(c);\n'
        self.assertEqual(check.unsafe_code(code), ["let a = unsafe { f() };"])
        self.assertEqual(len(check.unsafe_code("unsafe impl Send for X {}\npub unsafe fn f() {}\n")), 2)


class Bill(unittest.TestCase):
    def test_stamps(self):
        made = bom.made()
        stamped = bom.stamped(made)
        self.assertEqual(bom.unstamped(stamped), made)
        self.assertEqual(bom.stamped(made)["serialNumber"], stamped["serialNumber"])
        other = copy.deepcopy(made)
        other["components"][0]["version"] += "1"
        self.assertNotEqual(bom.stamped(other)["serialNumber"], stamped["serialNumber"])

    def test_tests_are_not_in_the_program(self):
        known = {name: crate.linked for (name, _), crate in crates.crates().items()}
        self.assertFalse({"proptest", "criterion", "cld2-sys", "mokaccino"} & set(known))
        self.assertTrue(known["rdkafka-sys"] and known["memchr"])
        # Needed to build, not in the program.
        self.assertFalse(known["serde_derive"] or known["openssl-src"] or known["cc"])
        self.assertGreaterEqual({library.crate[0] for library in parts.libraries()} & set(known), {"openssl-src"})


if __name__ == "__main__":
    unittest.main()
