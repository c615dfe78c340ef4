//! The rule for statements about candidates.

use crate::decision::Refusal;
use crate::request::Request;
use crate::state::ScopeState;

/// Statements about one candidate in one session that cannot both be true, or that no honest
/// validator makes both of (`docs/keystore.md` has the table).
pub(super) fn consistent(scope: &ScopeState, request: &Request) -> Result<(), Refusal> {
    for statement in request.statements() {
        let mut said = scope.stances(statement.session, &statement.candidate);
        if let Some(recorded) = said.find(|said| statement.stance.contradicts() & said.bit() != 0) {
            return Err(Refusal::Contradiction { candidate: statement.candidate, recorded });
        }
    }
    if scope.has_room_for_statements() { Ok(()) } else { Err(Refusal::TooManyStatements) }
}
