//! The whole graph of situations: what can still be reached from each, and whether the program ever goes round by itself.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use host_driver::issuance::machine::{Act, State};
use stateright::Model;

use super::rules;
use super::system::{Move, Situation, System};

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Different situations.
    pub situations: usize,
    /// Moves between them.
    pub moves: usize,
    /// Moves on the longest of the shortest ways.
    pub depth: usize,
    /// Situations in which a rule is broken.
    pub broken: usize,
    /// Situations from which no end can be reached although nothing fails any more.
    pub stuck: usize,
    /// Situations in which the program goes round for ever without asking anybody.
    pub circling: usize,
    /// States of the machine that were met.
    pub states: BTreeSet<&'static str>,
    /// Outcomes and commands that were met.
    pub events: BTreeSet<String>,
    /// The shortest way to the first thing that is wrong, and what that is.
    pub counterexample: Option<Counterexample>,
}

/// A way to something that must not be.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What is wrong there.
    pub what: String,
    /// The moves: which state, and what happened.
    pub moves: Vec<(&'static str, Move)>,
}

impl Findings {
    /// Whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.broken + self.stuck + self.circling == 0
    }
}

/// One situation, as far as the graph needs it.
struct Node {
    /// Where it was first come from, and how.
    from: Option<(u32, Move)>,
    depth: u32,
    /// Whether it is over.
    is_end: bool,
    /// Where it leads when nothing fails. The second is whether no human has a part in it.
    leads: Vec<(u32, bool)>,
}

/// Explores everything that can happen in `system`, or stops at the first broken rule if `until_broken`.
pub fn explore(system: &System, until_broken: bool) -> Findings {
    let hasher = RandomState::new();
    // Two hashes of 64 bits, so that two situations are not taken for one: a hundred million of them collide once in 10^22 runs.
    let second = RandomState::new();
    let key = |situation: &Situation| (hasher.hash_one(situation), second.hash_one(situation));
    let mut findings = Findings::default();
    let mut known: HashMap<(u64, u64), u32> = HashMap::new();
    let mut nodes: Vec<Node> = Vec::new();
    let mut open: VecDeque<(u32, Situation)> = VecDeque::new();
    let mut wrong: Option<(u32, String)> = None;
    for situation in system.init_states() {
        known.insert(key(&situation), nodes.len() as u32);
        open.push_back((nodes.len() as u32, situation.clone()));
        nodes.push(Node::new(&situation, None, 0));
    }
    let mut moves = Vec::new();
    while let Some((number, situation)) = open.pop_front() {
        findings.states.insert(situation.state.name());
        if let Err(what) = rules::check(&situation) {
            findings.broken += 1;
            wrong.get_or_insert((number, what));
            if until_broken {
                break;
            }
            continue;
        }
        let depth = nodes[number as usize].depth;
        findings.depth = findings.depth.max(depth as usize);
        moves.clear();
        system.actions(&situation, &mut moves);
        for next in moves.iter().copied() {
            let Some(reached) = system.next_state(&situation, next) else {
                continue;
            };
            findings.moves += 1;
            record(&mut findings.events, &situation, next);
            let fails = reached.faults_left < situation.faults_left;
            let alone = situation.runs && !asks(&situation);
            let place = *known.entry(key(&reached)).or_insert_with(|| {
                nodes.push(Node::new(&reached, Some((number, next)), depth + 1));
                open.push_back((nodes.len() as u32 - 1, reached));
                nodes.len() as u32 - 1
            });
            if !fails {
                nodes[number as usize].leads.push((place, alone));
            }
        }
    }
    findings.situations = nodes.len();
    if findings.broken == 0 {
        let stuck = without_an_end(&nodes);
        findings.stuck = stuck.len();
        if let Some(first) = stuck
            .into_iter()
            .min_by_key(|number| nodes[*number as usize].depth)
        {
            wrong.get_or_insert((first, "no end can be reached from here".into()));
        }
        let circling = going_round(&nodes);
        findings.circling = circling.len();
        if let Some(first) = circling
            .into_iter()
            .min_by_key(|number| nodes[*number as usize].depth)
        {
            wrong.get_or_insert((first, "the program goes round for ever and asks nobody".into()));
        }
    }
    findings.counterexample = wrong.map(|(number, what)| Counterexample {
        what,
        moves: way_to(system, &nodes, number),
    });
    findings
}

impl Node {
    fn new(situation: &Situation, from: Option<(u32, Move)>, depth: u32) -> Self {
        Self {
            from,
            depth,
            is_end: matches!(situation.state, State::Ended(_)),
            leads: Vec::new(),
        }
    }
}

fn asks(situation: &Situation) -> bool {
    matches!(situation.state.act(), Some(Act::Ask { .. }))
}

fn record(events: &mut BTreeSet<String>, situation: &Situation, next: Move) {
    let name = match next {
        Move::Act(way) | Move::ActAndDie(way) => format!("{}: {way}", situation.state.name()),
        Move::Die | Move::Intent => return,
        command => format!("{command:?}"),
    };
    events.insert(name);
}

/// Situations from which no end can be reached.
fn without_an_end(nodes: &[Node]) -> Vec<u32> {
    let mut into: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    for (number, node) in nodes.iter().enumerate() {
        for (to, _) in &node.leads {
            into[*to as usize].push(number as u32);
        }
    }
    let mut ends: Vec<bool> = nodes.iter().map(|node| node.is_end).collect();
    let mut open: Vec<u32> = (0..nodes.len() as u32)
        .filter(|number| ends[*number as usize])
        .collect();
    while let Some(number) = open.pop() {
        for from in &into[number as usize] {
            if !std::mem::replace(&mut ends[*from as usize], true) {
                open.push(*from);
            }
        }
    }
    (0..nodes.len() as u32)
        .filter(|number| !ends[*number as usize])
        .collect()
}

/// Situations on a circle of moves in which nobody is asked and nothing fails: what is left when everything that leads nowhere else is
/// taken away again and again (Kahn's algorithm).
fn going_round(nodes: &[Node]) -> Vec<u32> {
    let mut ways_in = vec![0_u32; nodes.len()];
    for (to, alone) in nodes.iter().flat_map(|node| &node.leads) {
        ways_in[*to as usize] += u32::from(*alone);
    }
    let mut open: Vec<u32> = (0..nodes.len() as u32)
        .filter(|number| ways_in[*number as usize] == 0)
        .collect();
    while let Some(number) = open.pop() {
        for (to, alone) in &nodes[number as usize].leads {
            if *alone {
                ways_in[*to as usize] -= 1;
                if ways_in[*to as usize] == 0 {
                    open.push(*to);
                }
            }
        }
    }
    (0..nodes.len() as u32)
        .filter(|number| ways_in[*number as usize] > 0)
        .collect()
}

/// The shortest way to a node, walked again so that the states can be named.
fn way_to(system: &System, nodes: &[Node], number: u32) -> Vec<(&'static str, Move)> {
    let mut moves = Vec::new();
    let mut at = number;
    while let Some((from, how)) = nodes[at as usize].from {
        moves.push(how);
        at = from;
    }
    moves.reverse();
    let mut situation = system.init_states().into_iter().nth(at as usize);
    let mut way = Vec::new();
    for next in moves {
        let Some(here) = situation else { break };
        way.push((here.state.name(), next));
        situation = system.next_state(&here, next);
    }
    way
}

impl std::fmt::Display for Counterexample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (state, next) in &self.moves {
            if *next != Move::Intent {
                writeln!(f, "  {state:<18} {next:?}")?;
            }
        }
        write!(f, "  => {}", self.what)
    }
}
