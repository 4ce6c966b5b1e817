pub mod flash;
#[cfg(test)]
mod explore {
    use std::collections::BTreeMap;
    #[test]
    fn explore() {
        let name = std::env::var("ELF").unwrap();
        let elf = crate::rig::project::target_dir()
            .join("firmware/thumbv7m-none-eabi/firmware")
            .join(name);
        let f = super::flash::of(&elf).unwrap();
        println!(
            "{:?} total {} of {}",
            (f.own, f.inlined, f.libraries, f.tables),
            f.total(),
            super::flash::size(&elf).unwrap()
        );
        let loader = addr2line::Loader::new(&elf).unwrap();
        let mut by = BTreeMap::<String, u64>::new();
        let mut outer = BTreeMap::<String, u64>::new();
        for a in (0xf0..0x20000u64).step_by(2) {
            let mut fr = loader.find_frames(a).unwrap();
            let mut found = None;
            let mut inner = None;
            let mut last = None;
            while let Some(x) = fr.next().unwrap() {
                let file = x.location.as_ref().and_then(|l| l.file).unwrap_or("").to_owned();
                let n = x
                    .function
                    .and_then(|f| f.demangle().ok().map(|n| n.into_owned()))
                    .unwrap_or_default();
                if inner.is_none() {
                    inner = Some((n.clone(), file.clone()));
                }
                if file.contains("protocol/src/") {
                    if found.is_none() {
                        found = Some(n.clone());
                    }
                    last = Some(n);
                }
            }
            if let Some(n) = found {
                *by.entry(n).or_default() += 2;
            }
            if let Some(n) = last {
                *outer.entry(n).or_default() += 2;
            }
        }
        for (t, m) in [("innermost protocol fn", by), ("outermost protocol fn", outer)] {
            let mut v: Vec<_> = m.into_iter().collect();
            v.sort_by_key(|x| std::cmp::Reverse(x.1));
            println!("== {t}");
            for (n, b) in v.iter().take(75) {
                println!("{b:6} {n}");
            }
        }
    }
}
