//! "Did you mean ...?"

/// How alike names have to be for one to be meant by the other.
const LIKENESS: f64 = 0.8;

/// The candidate that is most like a name, if one is alike enough.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(candidate, name), candidate));
    let (likeness, candidate) = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness >= LIKENESS).then_some(candidate)
}
