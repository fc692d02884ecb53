//! Which characters have no shape.

use std::ops::RangeInclusive;

/// Characters without a glyph: Default_Ignorable_Code_Point of Unicode 17.0 (DerivedCoreProperties.txt), in which all
/// of Bidi_Control (PropList.txt) is contained, and the interlinear annotation characters.
const IGNORABLE: &[RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether the character has no shape.
pub(super) fn is_ignorable(character: char) -> bool {
    character >= '\u{ad}' && IGNORABLE.iter().any(|range| range.contains(&character))
}
