//! The rules over the rooms of `models`, on the sources and on made-up snippets that break them.

use crate::order::{self, ORDER, WALLS};
use crate::rooms::{self, BORROWING, FIELDS, NO_ROOM};
use crate::rules::Finding;
use crate::source::Source;
use crate::{FOLDERS, report, root};

/// A small world that keeps the rules.
const WORLD: [(&str, &str); 11] = [
    ("models/src/books/mod.rs", "pub struct Books { pub loads: PerNode<Load> }\nstruct Load;"),
    (
        "models/src/context.rs",
        "pub struct Ctx<'a, 'e> {\n    engine: &'a mut Context<'e, Event>,\n    books: &'a mut Books,\n}",
    ),
    (
        "models/src/medium/mesh/radio/air.rs",
        "pub struct Air { radios: PerNode<Radio> }\npub struct Radio { level: f32 }",
    ),
    (
        "models/src/medium/mesh/mac/mod.rs",
        "pub struct LinkLayer {\n    pub air: Air,\n    macs: PerNode<Mac>,\n}\nstruct Mac;",
    ),
    (
        "models/src/medium/mesh/net/mod.rs",
        "pub struct Net { nodes: PerNode<Joining> }\nstruct Joining;\npub struct Stack<'a, P> { net: &'a mut Net, user: &'a mut P }\n\
         pub struct MeshMut<'a> { link: &'a mut LinkLayer, net: &'a mut Net }\n\
         impl<P: PortUser> Above for Stack<'_, P> {\n    fn receive(&mut self, link: &mut LinkLayer, ctx: &mut Ctx) {}\n}",
    ),
    ("models/src/medium/mesh/mod.rs", "pub struct Mesh { link: LinkLayer, net: Net }"),
    ("models/src/meter/mod.rs", "pub struct Meters { meters: PerNode<Meter> }\nstruct Meter;"),
    ("models/src/gateway/mod.rs", "pub struct Gateways;"),
    (
        "models/src/cell.rs",
        "pub struct Cell { medium: AnyMedium, meters: Meters, gateways: Gateways }\n\
         pub enum AnyMedium { Mesh(Box<Mesh>) }\n\
         struct Users<'a> { meters: &'a mut Meters, gateways: &'a mut Gateways }\nfn f(cell: &mut Cell) {}",
    ),
    ("models/src/cell/part.rs", "pub enum Part { Mesh(Box<Cell>) }\nfn f(cell: &mut Cell) {}"),
    ("models/src/build.rs", "pub struct Built { parts: Vec<Part> }"),
];

/// Rule and text of what is found in the small world with one more file.
fn found(path: &str, text: &str) -> Vec<(&'static str, String)> {
    let files = WORLD.into_iter().chain([(path, text)]);
    let sources: Vec<Source> = files.map(|(path, text)| Source::new(path, text)).collect();
    let all = rooms::check(&sources).into_iter().chain(order::check(&sources));
    all.map(|finding| (finding.rule, finding.what)).collect()
}

fn rules(path: &str, text: &str) -> Vec<&'static str> {
    let mut rules: Vec<&str> = found(path, text).into_iter().map(|(rule, _)| rule).collect();
    rules.dedup();
    rules
}

#[test]
fn the_rooms_keep_the_rules() {
    let mut sources = Source::all(root(), &FOLDERS);
    sources.dedup_by(|a, b| a.path == b.path);
    let found: Vec<Finding> = rooms::check(&sources).into_iter().chain(order::check(&sources)).collect();
    report(&found);
    assert_eq!(rooms::stale(&sources), [""; 0]);
}

#[test]
fn a_type_that_holds_two_rooms_is_noticed() {
    let cases = [
        // `Region` by another name: whole, in pieces, behind a type of its own, as an enum, as an alias.
        ("models/src/medium/mesh/world.rs", "pub struct World {\n    link: LinkLayer,\n    net: Net,\n}"),
        ("models/src/medium/mesh/world.rs", "struct Everything { macs: PerNode<Mac>, nodes: PerNode<Joining> }"),
        (
            "models/src/medium/mesh/mac/part.rs",
            "struct A(Option<Box<Net>>);\nstruct B<'a> { a: A, link: &'a mut LinkLayer }",
        ),
        ("models/src/headend/any.rs", "enum Any { Meters(Meters), Gateways { all: Gateways } }"),
        ("models/src/meter/both.rs", "struct Both<'a, 'e> { ctx: &'a mut Ctx<'a, 'e>, meters: &'a mut Meters }"),
        ("models/src/meter/far.rs", "struct Far<'a> { port: MeshMut<'a>, meter: Meter }"),
        ("models/src/gateway/all.rs", "struct All<'a> { cell: &'a Cell }"),
        ("models/src/gateway/stack.rs", "pub struct Stack<'a> { net: &'a mut Net, gateways: &'a mut Gateways }"),
        ("models/src/medium/mesh/mac/alias.rs", "type Layer = LinkLayer;"),
        ("models/src/medium/mesh/mac/alias.rs", "use super::LinkLayer as Layer;"),
    ];
    for (path, text) in cases {
        assert!(rules(path, text).contains(&BORROWING), "{path}:\n{text}\n{:?}", found(path, text));
    }
    let whole = found("models/src/meter/both.rs", "struct Both<'a> { meters: &'a Meters, books: &'a Books }");
    assert_eq!(whole[0].1, "`Both` holds the state of books and meter; only the named adapters may");
}

#[test]
fn a_function_that_borrows_too_much_is_noticed() {
    let cases = [
        "fn f(cell: &mut Cell) {}",
        "fn f(parts: &mut [Part]) {}",
        "fn f(cells: &mut Vec<Cell>) {}",
        "fn f(link: &mut LinkLayer, net: &mut Net, ctx: &mut Ctx) {}",
        "fn f<F: Fn(u8) -> u8>(link: &'_ mut LinkLayer, both: (&mut Net, u8), ctx: &mut Ctx<'_, '_>) {}",
        "impl<'a> Meters {\n    pub fn f(&mut self, net: &mut Net, ctx: &mut Ctx) {}\n}",
        "impl Meters {\n    fn f(self: &mut Self, net: &mut PerNode<Joining>, ctx: &mut Ctx) {}\n}",
    ];
    for text in cases {
        assert_eq!(rules("models/src/plan.rs", text), [BORROWING], "{text}\n{:?}", found("models/src/plan.rs", text));
    }
    let outside = "use amitwin_models::cell::Cell;\nfn f(cell: &mut Cell) {}";
    assert_eq!(rules("scenarios/src/drive/a.rs", outside), [BORROWING]);
}

#[test]
fn what_borrows_little_is_left_alone() {
    let cases = [
        ("models/src/plan.rs", "fn f(link: &mut LinkLayer, ctx: &mut Ctx, net: &Net) {}"),
        ("models/src/plan.rs", "fn f<U: Above>(link: &mut LinkLayer, above: &mut U, ctx: &mut Ctx) {}"),
        ("models/src/plan.rs", "fn f(cell: &Cell) -> impl Iterator<Item = u8> {}"),
        ("models/src/plan.rs", "fn f(stack: &mut Stack<'_, P>, link: &mut LinkLayer, ctx: &mut Ctx) {}"),
        ("models/src/plan.rs", "#[cfg(test)]\nmod tests {\n    fn f(cell: &mut Cell) {}\n}"),
        ("models/src/cell/state.rs", "fn f(cell: &mut Cell) {}"),
        ("models/src/meter/more.rs", "pub struct More { meters: Meters, meter: Meter }"),
        (
            "models/src/headend/event.rs",
            "pub enum Event {\n    #[serde(skip)]\n    Mesh(u8),\n    Meter { books: u8 },\n}",
        ),
        (
            "models/src/gateway/more.rs",
            "use amitwin_dlms::Meters;\npub struct More { meters: Meters, gateways: Gateways }",
        ),
        ("models/src/plan/more.rs", "pub struct More { name: &'static str, net: fn(&Net) -> u8 }"),
        ("sim-core/tests/a.rs", "fn f(cell: &mut Cell) {}"),
    ];
    for (path, text) in cases {
        assert_eq!(found(path, text), [], "{path}:\n{text}");
    }
}

#[test]
fn a_file_without_a_room_and_a_type_of_many_fields_are_noticed() {
    assert_eq!(rules("models/src/region.rs", "pub struct Region;"), [NO_ROOM]);
    assert_eq!(rules("models/src/device/mod.rs", "pub struct Device;"), [NO_ROOM]);
    let fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|n| format!("    pub f{n}: std::ops::Range<u8>,")).collect();
        format!("pub struct Many<T: Copy> {{\n{}\n}}", fields.join("\n"))
    };
    assert_eq!(rules("models/src/meter/many.rs", &fields(20)), [""; 0]);
    assert_eq!(rules("models/src/meter/many.rs", &fields(21)), [FIELDS]);
    assert_eq!(rules("models/dlms/src/meter/many.rs", &fields(21)), [FIELDS]);
}

#[test]
fn a_stale_table_of_rooms_is_noticed() {
    let mut files = WORLD.to_vec();
    files[3].1 = "pub struct Layer { air: Air }";
    let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
    assert_eq!(rooms::stale(&sources), ["medium/mesh/mac has no `LinkLayer`"]);
    let sources: Vec<Source> = WORLD[..8].iter().map(|(path, text)| Source::new(path, text)).collect();
    assert_eq!(rooms::stale(&sources).len(), 5, "the adapters of cell.rs, cell/part.rs and build.rs");
}

#[test]
fn an_import_upwards_and_a_circle_are_noticed() {
    let cases = [
        ("models/src/books/a.rs", "use crate::gateway::Gateways;", ORDER),
        ("models/src/medium/mesh/radio/a.rs", "use crate::{node, medium::mesh::{mac::LinkLayer, hopping}};", ORDER),
        ("models/src/medium/mesh/mac/a.rs", "use super::super::net::Net;", ORDER),
        ("models/src/medium/mesh/wire/a.rs", "fn f(parts: crate::medium::mesh::mac::Parts) {}", ORDER),
        ("models/src/medium/mesh/mac/a.rs", "use crate::medium::mesh;\nfn f(net: mesh::net::Timers) {}", ORDER),
        ("models/src/medium/mesh/mac/a.rs", "use crate::medium::mesh as m;\nfn f(net: m::net::Timers) {}", ORDER),
        ("models/src/medium/a.rs", "pub(super) use crate::medium::mesh::Mesh;", ORDER),
        ("models/src/medium/mesh/net/a.rs", "use crate::cell::Cell;", ORDER),
        ("models/src/event.rs", "use crate::gateway::Gateways;", ORDER),
        ("models/src/event.rs", "use crate::medium::mesh;\nenum Event { Mesh(mesh::Probes) }", ORDER),
        ("models/src/context.rs", "use crate::meter::Meters;", ORDER),
        ("models/src/headend/a.rs", "use crate::meter::Event;", WALLS),
        ("models/src/headend/a.rs", "use crate::medium::message::Body;", WALLS),
        ("models/src/gateway/a.rs", "use crate::meter;\nfn f() { meter::lost() }", WALLS),
        ("models/src/meter/a.rs", "fn f(parent: Node) {}", WALLS),
        ("models/src/meter/a.rs", "fn f(link: &LinkLayer) {}", WALLS),
        ("models/src/gateway/a.rs", "let a = self.best_rank;", WALLS),
    ];
    for (path, text, rule) in cases {
        assert_eq!(rules(path, text), [rule], "{path}:\n{text}\n{:?}", found(path, text));
    }
    let down = ("models/src/gateway/b.rs", "use crate::books::Books;");
    let up = ("models/src/books/b.rs", "use crate::gateway;\nfn f() { gateway::open() }");
    let sources = [down, up].map(|(path, text)| Source::new(path, text));
    let found: Vec<String> = order::check(&sources).iter().map(Finding::to_string).collect();
    assert_eq!(found, [format!("models/src/books/b.rs:2: {ORDER}: a circle: books -> gateway -> books")]);
}

#[test]
fn imports_downwards_are_left_alone() {
    let cases = [
        ("models/src/headend/a.rs", "use crate::gateway;\nuse super::jobs::Job;\nfn f() -> gateway::Event { a::b() }"),
        (
            "models/src/gateway/a.rs",
            "use crate::{books::Books, context::Ctx, event::Event, medium::{Medium, message}};",
        ),
        (
            "models/src/event.rs",
            "use crate::backhaul::Report;\nuse crate::medium::mesh;\nenum Event { Mesh(mesh::Event) }",
        ),
        (
            "models/src/context.rs",
            "use crate::books::Books;\nuse crate::event::Event;\nuse crate::node::{Node, PerNode};",
        ),
        ("models/src/medium/mesh/mod.rs", "mod mac;\nmod net;\nfn f() { net::start(mac::clear()) }"),
        (
            "models/src/meter/a.rs",
            "// Parent and rank.\nfn planet(frank: Network) {}\n#[cfg(test)]\nuse crate::medium::mesh;",
        ),
        ("models/src/cell.rs", "use crate::headend::HeadEnd;"),
    ];
    for (path, text) in cases {
        assert_eq!(rules(path, text), [""; 0], "{path}:\n{text}\n{:?}", found(path, text));
    }
}
