//! `conformance`: another implementation, against the vectors and against this codec. What is said on
//! its lines is in protocol/conformance/README.md.

mod answer;

mod compare;
mod program;
mod random;
mod report;
mod vectors;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::answer::{CAN, Codec};
use self::compare::is_right;
use self::program::{Broken, Program};
use self::random::Random;
use self::report::Differences;
use self::vectors::Case;
use super::args::conformance::{ConformanceArgs, ConformanceCommand};
use super::lines;
use crate::refused::Refused;

pub(super) fn run(args: &ConformanceArgs) -> Result<(), Refused> {
    match args.command {
        Some(ConformanceCommand::Answer) => answer_all(),
        None => check(args),
    }
}

/// This codec, as the program that is asked.
fn answer_all() -> Result<(), Refused> {
    let mut codec = Codec::default();
    lines::answer_each_text(|_, line| match line {
        Ok(line) => codec.answer_line(line).to_string(),
        Err(error) => json!({ "id": null, "error": error.to_string() }).to_string(),
    })
}

fn check(args: &ConformanceArgs) -> Result<(), Refused> {
    let mut run = Run::start(args)?;
    let done = run
        .ask_all(args)
        .and_then(|()| run.program.finish().map_err(|broken| because_of(&broken)));
    let Told { name, version, .. } = &run.told;
    let comment = format!(
        "answers of {name} {version} that differ; --random {} --seed {}",
        args.random, args.seed
    );
    if run.differences.count() > 0 {
        lines::print(&run.differences.to_file(&comment))?;
    }
    let skipped = run.skipped.iter();
    let skipped: Vec<String> = skipped
        .map(|(what, count)| format!(", {count} of {what} skipped"))
        .collect();
    eprintln!(
        "{name} {version}: {} asked, {} differ{}",
        run.asked,
        run.differences.count(),
        skipped.concat()
    );
    done?;
    if run.differences.count() > 0 {
        return Err(Refused::Reported);
    }
    Ok(())
}

/// A program under check, and how it has done so far.
struct Run {
    codec: Codec,
    program: Program,
    told: Told,
    asked: usize,
    skipped: BTreeMap<String, usize>,
    differences: Differences,
}

impl Run {
    fn start(args: &ConformanceArgs) -> Result<Self, Refused> {
        let mut program = Program::start(&args.program).map_err(|broken| because_of(&broken))?;
        let hello = program
            .ask(&json!({ "do": "hello" }))
            .map_err(|broken| because_of(&broken))?;
        Ok(Self {
            codec: Codec::default(),
            program,
            told: Told::read(&hello)?,
            asked: 0,
            skipped: BTreeMap::new(),
            differences: Differences::default(),
        })
    }

    fn ask_all(&mut self, args: &ConformanceArgs) -> Result<(), Refused> {
        for case in vectors::all()? {
            self.ask(&case)?;
        }
        let mut random = Random::new(args.seed);
        for round in 0..args.random {
            for question in [random.writing(), random.reading(&mut self.codec)] {
                if self.differences.are_plenty() {
                    return Ok(());
                }
                let expected = self.codec.answer(&question);
                self.ask(&Case {
                    comment: format!("random, round {round}"),
                    question,
                    expected,
                })?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, case: &Case) -> Result<(), Refused> {
        let what = case.question["do"].as_str().unwrap_or_default();
        if !self.told.can.iter().any(|can| can == what) {
            *self.skipped.entry(what.to_owned()).or_default() += 1;
            return Ok(());
        }
        self.asked += 1;
        let answer = self.program.ask(&case.question).map_err(|broken| {
            Refused::Because(format!(
                "the program {broken}; it was asked ({}) {}",
                case.comment, case.question
            ))
        })?;
        if !is_right(&mut self.codec, &case.question, &case.expected, &answer) {
            self.differences.add(case, &answer);
        }
        Ok(())
    }
}

fn because_of(broken: &Broken) -> Refused {
    Refused::Because(format!("the program {broken}"))
}

/// What the program says of itself.
struct Told {
    name: String,
    version: String,
    can: Vec<String>,
}

impl Told {
    fn read(hello: &Value) -> Result<Self, Refused> {
        let text = |field: &str| hello[field].as_str().map(str::to_owned);
        let can = hello["can"].as_array().and_then(|can| {
            let known = |word: &Value| {
                word.as_str()
                    .filter(|word| CAN.contains(word))
                    .map(str::to_owned)
            };
            can.iter().map(known).collect::<Option<Vec<_>>>()
        });
        match (text("name"), text("version"), can) {
            (Some(name), Some(version), Some(can)) => Ok(Self { name, version, can }),
            _ => Err(Refused::Because(format!(
                "the program answers hello with {hello}; it must say name, version and, as `can`, some of {}",
                CAN.join(", ")
            ))),
        }
    }
}
