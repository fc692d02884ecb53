//! What to do where a required skill is not served.

use crate::model::Argument;
use crate::ops::Unserved;

pub(super) fn hint(name: &str, why: &Unserved) -> String {
    let name = Argument(name);
    match why {
        Unserved::Bootstrap => format!(
            "Load with --no-bootstrap, or make it optional with 'cfn skill assign --agent TYPE --optional {name}'."
        ),
        Unserved::Namesake => {
            "Give one of them another name; 'cfn db check' counts the names that skills share.".into()
        }
        Unserved::NotApproved => format!(
            "Approve it with 'cfn skill approve {name}', or make it optional with 'cfn skill assign --agent TYPE --optional {name}'."
        ),
        Unserved::Pinned(_) => format!(
            "Approve that version, or end the pin with 'cfn skill unpin {name}' (with --agent if it is one of the agent type)."
        ),
        Unserved::Bytes(_) => "Deploy the approved file again to restore its bytes, or run 'cfn db capture'.".into(),
    }
}
