//! What is shown: picture, costs, log and keys, as far as there is room.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::game::{FrameCost, Game};
use super::{keys, picture};
use crate::summary::grouped;
use cartwheel_runtime::Button;

/// Smallest terminal with everything.
const FULL: (u16, u16) = (60, 18);
/// Smallest terminal with a picture.
const SMALL: (u16, u16) = (16, 6);
/// Parts of a character that a bar can be high.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

const FAINT: Style = Style::new().fg(Color::DarkGray);
const STRONG: Style = Style::new().add_modifier(Modifier::BOLD);

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, game: &Game<'_>, rate: u32) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let fits = |(width, height): (u16, u16)| area.width >= width && area.height >= height;
    if !fits(SMALL) {
        text(buffer, area, &format!("{} too small", grouped(game.machine().frame())), STRONG);
        return;
    }
    if !fits(FULL) {
        let [top, middle] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        title(buffer, top, game, rate);
        picture_of(buffer, middle, game);
        return;
    }
    let lines = area.height / 6;
    let [top, middle, log, help] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(lines),
        Constraint::Length(2),
    ])
    .areas(area);
    let side = (area.width / 3).clamp(32, 40);
    let [left, _, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(1), Constraint::Length(side)])
            .areas(middle);
    title(buffer, top, game, rate);
    picture_of(buffer, left, game);
    costs(buffer, right, game);
    logged(buffer, log, game);
    text(buffer, row(help, 0), keys::VIEW_HELP, FAINT);
    text(buffer, row(help, 1), keys::GAME_HELP, FAINT);
}

/// A line of an area.
fn row(area: Rect, at: u16) -> Rect {
    Rect { y: area.y + at.min(area.height), height: area.height.saturating_sub(at).min(1), ..area }
}

/// Writes a line; what does not fit is cut.
fn text(buffer: &mut Buffer, area: Rect, line: &str, style: Style) {
    if area.height > 0 {
        let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        buffer.set_stringn(area.x, area.y, line, area.width.into(), style);
    }
}

fn title(buffer: &mut Buffer, area: Rect, game: &Game<'_>, rate: u32) {
    let machine = game.machine();
    let mut line = game.title();
    if !line.is_empty() {
        line += "  ";
    }
    line += &format!("frame {}", grouped(machine.frame()));
    match (game.ended, game.paused) {
        (Some(_), _) => line += "  ended",
        (None, true) => line += "  paused",
        (None, false) => line += &format!("  {rate} fps"),
    }
    let held: Vec<&str> = Button::ALL
        .iter()
        .filter(|&&button| game.held.contains(button))
        .map(|button| button.name())
        .collect();
    if !held.is_empty() {
        line += &format!("  [{}]", held.join(" "));
    }
    if let Some(notice) = game.notice() {
        line += &format!("  {notice}");
    }
    text(buffer, area, &line, STRONG);
}

fn picture_of(buffer: &mut Buffer, area: Rect, game: &Game<'_>) {
    let surface = game.pictured().and_then(|module| game.machine().surface(module));
    match surface {
        Some(surface) if area.height > 0 => picture::draw(&surface, area, buffer),
        _ => text(buffer, area, "no picture", FAINT),
    }
}

fn costs(buffer: &mut Buffer, area: Rect, game: &Game<'_>) {
    let budget = game.budget();
    let Some(last) = game.costs.back() else {
        return text(buffer, row(area, 0), "no frame was made yet", FAINT);
    };
    let height = (area.height / 3).max(3);
    let used = last.cycles as f64 * 100.0 / budget.max(1) as f64;
    text(
        buffer,
        row(area, 0),
        &format!("{} of {} cycles, {used:.0}%", grouped(last.cycles), grouped(budget)),
        STRONG,
    );
    let rows = Layout::vertical([Constraint::Length(1), Constraint::Length(height), Constraint::Fill(1)]);
    let [_, chart, rest] = rows.areas(area);
    bars(buffer, chart, game.costs.iter(), budget);
    let mut at = 0;
    let mut line = |line: &str, style| {
        text(buffer, row(rest, at), line, style);
        at += 1;
    };
    for end in &last.ends {
        line(end, Style::new().fg(Color::Yellow));
    }
    if last.objects > 0 {
        line(&format!("{} objects, {} bytes", grouped(last.objects), grouped(last.bytes)), Style::new());
    }
    let name = usize::from(area.width).saturating_sub(15);
    line(&format!("{:<name$}{:>6}{:>9}", "syscall", "calls", "cycles"), FAINT);
    for cost in &last.syscalls {
        let id: String = cost.id.chars().take(name).collect();
        line(&format!("{id:<name$}{:>6}{:>9}", grouped(cost.calls), grouped(cost.cycles)), Style::new());
    }
}

/// A bar for each of the last frames, the budget as a line.
fn bars<'c>(
    buffer: &mut Buffer,
    area: Rect,
    costs: impl DoubleEndedIterator<Item = &'c FrameCost>,
    budget: u64,
) {
    let shown: Vec<u64> = costs.rev().take(area.width.into()).map(|cost| cost.cycles).collect();
    // There is always room above the budget, so that what exceeds it is seen to do so.
    let full = shown.iter().copied().max().unwrap_or(0).max(budget + budget / 8).max(1);
    let eighths =
        |cycles: u64| (u128::from(cycles) * u128::from(area.height) * 8).div_ceil(u128::from(full)) as u32;
    let line = area.height - 1 - (eighths(budget).saturating_sub(1) / 8).min(area.height as u32 - 1) as u16;
    for column in 0..area.width {
        let cycles = shown.get(usize::from(area.width - 1 - column)).copied();
        let high = eighths(cycles.unwrap_or(0));
        let colour = match cycles {
            Some(cycles) if cycles > budget => Color::Red,
            Some(cycles) if cycles > budget / 4 * 3 => Color::Yellow,
            _ => Color::Green,
        };
        for at in 0..area.height {
            let above = u32::from(area.height - 1 - at) * 8;
            let part = high.saturating_sub(above).min(8);
            let cell = &mut buffer[(area.x + column, area.y + at)];
            match part {
                0 if at == line => cell.set_char('─').set_style(FAINT),
                part => cell.set_char(BARS[part as usize]).set_fg(colour),
            };
        }
    }
    let label = Rect { y: area.y + line, height: 1, ..area };
    if (0..6).all(|at| buffer[(label.x + at, label.y)].symbol() == "─") {
        text(buffer, label, "budget", FAINT);
    }
}

fn logged(buffer: &mut Buffer, area: Rect, game: &Game<'_>) {
    let skipped = game.log.len().saturating_sub(area.height.into());
    for (at, (frame, line)) in game.log.iter().skip(skipped).enumerate() {
        text(buffer, row(area, at as u16), &format!("{frame:>7} {line}"), Style::new());
    }
    if game.log.is_empty() {
        text(buffer, row(area, 0), "log: nothing yet", FAINT);
    }
}
