//! What keys mean, and for how long one counts as held.

use std::collections::BTreeMap;

use cartwheel_runtime::{Button, Buttons};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What a key asks of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Leave.
    Leave,
    /// Pause, or go on.
    Pause,
    /// Pause and make a frame.
    Step,
    /// Pause and take a frame back.
    Back,
    /// Save the state.
    Save,
    /// Restore the state that was saved.
    Restore,
}

/// What a key means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Button(Button),
    Command(Command),
    /// Goes back while it is held.
    Rewind,
}

const KEYS: &[(KeyCode, Meaning)] = &[
    (KeyCode::Up, Meaning::Button(Button::Up)),
    (KeyCode::Down, Meaning::Button(Button::Down)),
    (KeyCode::Left, Meaning::Button(Button::Left)),
    (KeyCode::Right, Meaning::Button(Button::Right)),
    (KeyCode::Char('z'), Meaning::Button(Button::A)),
    (KeyCode::Char('x'), Meaning::Button(Button::B)),
    (KeyCode::Char('c'), Meaning::Button(Button::X)),
    (KeyCode::Char('v'), Meaning::Button(Button::Y)),
    (KeyCode::Char('a'), Meaning::Button(Button::ShoulderLeft)),
    (KeyCode::Char('d'), Meaning::Button(Button::ShoulderRight)),
    (KeyCode::Tab, Meaning::Button(Button::Select)),
    (KeyCode::Enter, Meaning::Button(Button::Start)),
    (KeyCode::Char(' '), Meaning::Command(Command::Pause)),
    (KeyCode::Char('.'), Meaning::Command(Command::Step)),
    (KeyCode::Char(','), Meaning::Command(Command::Back)),
    (KeyCode::Char('r'), Meaning::Rewind),
    (KeyCode::Char('s'), Meaning::Command(Command::Save)),
    (KeyCode::Char('l'), Meaning::Command(Command::Restore)),
    (KeyCode::Char('q'), Meaning::Command(Command::Leave)),
];

/// Keys for the view, as it says them.
pub const VIEW_HELP: &str = "space pause  . step  , back  r rewind  s save  l load  q leave";
/// Keys for the game, as the view says them.
pub const GAME_HELP: &str = "arrows  z A  x B  c X  v Y  a d shoulders  enter start  tab select";

/// Frames for which a key counts as held, where nobody tells when it is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Frames(u16),
    UntilReleased,
    /// It was let go before a frame has seen it.
    OneMore,
}

/// The keys that are held. Most terminals tell of presses only, and repeat those of a key that stays down: there a key
/// counts as held for some frames after it was last heard of, or until the opposite direction is pressed.
#[derive(Debug)]
pub struct Keys {
    hold_frames: u16,
    tells_releases: bool,
    buttons: BTreeMap<Button, Left>,
    rewind: Option<Left>,
}

impl Keys {
    /// No keys are held.
    pub fn new(hold_frames: u16, tells_releases: bool) -> Keys {
        Keys { hold_frames, tells_releases, buttons: BTreeMap::new(), rewind: None }
    }

    /// Takes in an event. Gives what it asks of the view.
    pub fn take(&mut self, event: &KeyEvent) -> Option<Command> {
        if event.modifiers.contains(KeyModifiers::CONTROL) {
            let leave = event.code == KeyCode::Char('c') && event.kind != KeyEventKind::Release;
            return leave.then_some(Command::Leave);
        }
        let code = match event.code {
            KeyCode::Char(c) => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        let &(_, meaning) = KEYS.iter().find(|(key, _)| *key == code)?;
        match (meaning, event.kind) {
            (Meaning::Command(_), KeyEventKind::Release) => None,
            (Meaning::Command(command), _) => Some(command),
            (Meaning::Button(button), KeyEventKind::Release) => {
                self.buttons.entry(button).and_modify(release);
                None
            }
            (Meaning::Button(button), _) => {
                if let Some(opposite) = opposite(button).filter(|_| !self.tells_releases) {
                    self.buttons.remove(&opposite);
                }
                self.buttons.insert(button, self.pressed());
                None
            }
            (Meaning::Rewind, KeyEventKind::Release) => {
                self.rewind.as_mut().map(release);
                None
            }
            (Meaning::Rewind, _) => {
                self.rewind = Some(self.pressed());
                None
            }
        }
    }

    fn pressed(&self) -> Left {
        if self.tells_releases { Left::UntilReleased } else { Left::Frames(self.hold_frames) }
    }

    /// The buttons that are held.
    pub fn held(&self) -> Buttons {
        self.buttons.keys().copied().collect()
    }

    /// A frame has been made with the buttons that are held.
    pub fn frame_made(&mut self) {
        self.buttons.retain(|_, left| stays(left));
    }

    /// True if a frame is to be taken back; asked once per frame that is shown.
    pub fn rewinds(&mut self) -> bool {
        let rewinds = self.rewind.is_some();
        self.rewind = self.rewind.filter(|_| rewinds).and_then(|mut left| stays(&mut left).then_some(left));
        rewinds
    }
}

/// Passes a frame. False if the key is not held any more.
fn stays(left: &mut Left) -> bool {
    match left {
        Left::Frames(frames) => {
            *frames = frames.saturating_sub(1);
            *frames > 0
        }
        Left::UntilReleased => true,
        Left::OneMore => false,
    }
}

fn release(left: &mut Left) {
    *left = Left::OneMore;
}

fn opposite(button: Button) -> Option<Button> {
    match button {
        Button::Up => Some(Button::Down),
        Button::Down => Some(Button::Up),
        Button::Left => Some(Button::Right),
        Button::Right => Some(Button::Left),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, kind: KeyEventKind) -> KeyEvent {
        KeyEvent::new_with_kind(code, KeyModifiers::NONE, kind)
    }

    fn press(keys: &mut Keys, code: KeyCode) -> Option<Command> {
        keys.take(&key(code, KeyEventKind::Press))
    }

    /// Frames that see a button held, of ten.
    fn seen(keys: &mut Keys, button: Button) -> usize {
        let see = |_: &i32| {
            let held = keys.held().contains(button);
            keys.frame_made();
            held
        };
        (0..10).filter(see).count()
    }

    #[test]
    fn without_releases_a_key_is_held_for_some_frames_after_the_last_event() {
        let mut keys = Keys::new(4, false);
        press(&mut keys, KeyCode::Char('z'));
        assert_eq!(seen(&mut keys, Button::A), 4);
        press(&mut keys, KeyCode::Char('Z'));
        keys.frame_made();
        keys.take(&key(KeyCode::Char('z'), KeyEventKind::Repeat));
        assert_eq!(seen(&mut keys, Button::A), 4);
        press(&mut keys, KeyCode::Left);
        press(&mut keys, KeyCode::Right);
        assert_eq!(keys.held(), [Button::Right].into_iter().collect());
    }

    #[test]
    fn with_releases_a_key_is_held_until_it_is_let_go_and_for_a_frame_at_least() {
        let mut keys = Keys::new(4, true);
        press(&mut keys, KeyCode::Up);
        assert_eq!(seen(&mut keys, Button::Up), 10);
        keys.take(&key(KeyCode::Up, KeyEventKind::Release));
        assert_eq!(seen(&mut keys, Button::Up), 1);
        press(&mut keys, KeyCode::Enter);
        keys.take(&key(KeyCode::Enter, KeyEventKind::Release));
        assert_eq!(seen(&mut keys, Button::Start), 1);
        keys.take(&key(KeyCode::Enter, KeyEventKind::Release));
        assert_eq!(keys.held(), Buttons::NONE);
    }

    #[test]
    fn commands_are_given_once_per_press_and_rewinding_lasts() {
        let mut keys = Keys::new(3, false);
        assert_eq!(press(&mut keys, KeyCode::Char(' ')), Some(Command::Pause));
        assert_eq!(keys.take(&key(KeyCode::Char(' '), KeyEventKind::Release)), None);
        assert_eq!(press(&mut keys, KeyCode::F(12)), None);
        let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(keys.take(&control_c), Some(Command::Leave));
        assert_eq!(keys.take(&KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL)), None);
        assert_eq!(keys.held(), Buttons::NONE);
        press(&mut keys, KeyCode::Char('r'));
        assert_eq!((0..10).filter(|_| keys.rewinds()).count(), 3);
    }

    #[test]
    fn every_button_has_a_key_and_no_key_has_two_meanings() {
        for &button in Button::ALL {
            assert!(KEYS.iter().any(|&(_, meaning)| meaning == Meaning::Button(button)), "{button:?}");
        }
        for (at, (key, _)) in KEYS.iter().enumerate() {
            assert!(KEYS[..at].iter().all(|(other, _)| other != key), "{key:?}");
        }
    }
}
