/**
 * What a customer added to the trust of our connection: more conditions, or a Deny. A change of the trust policy must not undo
 * the first, and has no effect beside the second, so the jq programs stop and leave the choice to the customer.
 */

/** A jq function: the exact values of a condition key, one list per condition, without wildcards and variables. */
const namedValues = `def named($key): [.Condition | objects | to_entries[]
    | select(.key | ascii_downcase | IN("stringequals", "stringequalsignorecase", "stringlike"))
    | .value | objects | to_entries[] | select((.key | ascii_downcase) == ($key | ascii_downcase))
    | [.value] | flatten
    | select(all(type == "string" and (contains("*") or contains("?") or contains("\${") | not)))
    | map(ascii_downcase)];`;

/**
 * jq functions. `restricts`: an Allow for this connection, or for more of this issuer, that also requires other keys than the
 * audience and the subject. `denies`: a Deny that covers a web identity of this issuer and does not except the
 * subject. STS always uses TLS.
 */
const definitions = `${namedValues}
def keys_of: [.Condition | objects | .[] | objects | keys[] | ascii_downcase];
def issuer_named($ours): [.Principal | objects | .Federated] | flatten | index($ours.Principal.Federated);
def names_others($sub; $self): named($sub) | any(index($self) | not);
def restricts($ours; $aud; $sub; $self): .Effect == "Allow"
  and (.Sid == $ours.Sid or (issuer_named($ours) and (names_others($sub; $self) | not)))
  and (keys_of - [$aud, $sub] != []);
def enters: ascii_downcase | gsub("[*]"; ".*") | gsub("[?]"; ".") as $pattern
  | "sts:assumerolewithwebidentity" | test("^" + $pattern + "$");
def excepts($sub; $self): any(.Condition | objects | to_entries[]
  | select(.key | ascii_downcase | test("^(foranyvalue:|forallvalues:)?stringnot")) | .value | objects | to_entries[]
  | select((.key | ascii_downcase) == $sub) | [.value] | flatten[] | strings | ascii_downcase; . == $self);
def requires_tls: any(.Condition | objects | to_entries[] | select((.key | ascii_downcase) == "bool") | .value | objects
  | to_entries[]; (.key | ascii_downcase) == "aws:securetransport" and (.value | tostring) == "false");
def denies($ours; $sub; $self): .Effect == "Deny"
  and (.NotPrincipal != null or .Principal == "*" or issuer_named($ours)
    or ([.Principal | objects | .Federated, .AWS] | flatten | index("*")))
  and (if .NotAction == null then [.Action] | flatten | any(.[] | strings; enters)
    else [.NotAction] | flatten | any(.[] | strings; enters) | not end)
  and (excepts($sub; $self) or names_others($sub; $self) or requires_tls | not);`;

/** The start of a jq program on a trust policy, with our statement in `$ours`: an error, or the policy as it is. */
export const stopAtRestrictions = `${definitions}
  ($ours.Condition.StringEquals | keys | map(ascii_downcase)) as [$aud_key, $sub_key]
  | ($ours.Condition.StringEquals | to_entries[] | select(.key | endswith(":sub")) | .value | ascii_downcase) as $self
  | ([.Statement] | flatten(1)) as $all
  | if any($all[]; restricts($ours; $aud_key; $sub_key; $self)) then
      error("A statement for this connection has more conditions: "
        + ([$all[] | select(restricts($ours; $aud_key; $sub_key; $self)) | keys_of - [$aud_key, $sub_key]] | add | unique | join(", "))
        + ". Nothing was changed. Change or remove them yourself if they keep the connection out.")
    elif any($all[]; denies($ours; $sub_key; $self)) then
      error("A Deny covers this connection: "
        + ([$all[] | select(denies($ours; $sub_key; $self)) | .Sid // "a statement without Sid"] | join(", "))
        + ". Nothing was changed. Except the subject in it, or remove it, if it keeps the connection out.")
    else . end`;
