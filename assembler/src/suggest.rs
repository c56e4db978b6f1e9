//! "Did you mean ...?"

/// Names longer than this are not compared: a long name is no typing mistake.
const MAX_NAME_CHARS: usize = 48;
/// Candidates that are compared with one unknown name.
const MAX_CANDIDATES: usize = 2_000;

/// The candidate that is nearest to an unknown name, if one is near.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > MAX_NAME_CHARS || name.is_empty() {
        return None;
    }
    let most = (name.chars().count() / 3).clamp(1, 4);
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .filter(|c| !c.is_empty() && c.len() <= MAX_NAME_CHARS && c.len().abs_diff(name.len()) <= 4)
        .map(|c| (strsim::damerau_levenshtein(&lower, &c.to_lowercase()), c))
        .filter(|(distance, c)| *distance <= most && *distance < c.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, c)| c)
}

/// The nearest candidate as a question.
pub(crate) fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|c| format!("did you mean `{c}`?"))
}
