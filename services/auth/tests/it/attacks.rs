//! Attacks, each tried here.
//!
//! | attack | what stands against it | tested in |
//! |---|---|---|
//! | a stolen refresh token is used | rotation; reuse ends the family | `tokens` |
//! | a used link or code is used again | everything is good once | `tokens` |
//! | forged tokens | EdDSA by published keys alone | `tokens` |
//! | cross-site requests | a token bound to the session, JSON alone | `browser` |
//! | a session planted before sign-in | new session, new tokens | `browser` |
//! | a way to another site | only paths of this one | `browser` |
//! | which addresses have accounts | same answers, same work | `accounts` |
//! | somebody else's things | not found | `isolation` |
//! | fields that are not asked for | refused | `accounts` |
//! | accounts tied by an unproven address | refused | `accounts` |
//! | accounts tied without their code | tied after the code | `providers` |
//! | an account prepared for its later owner | there is none until the address is proven | `accounts` |
//! | guessing | waits for the guesser alone | `force` |
//! | guessing a code from many addresses | waits for all strangers | `force` |
//! | what is good once, used by several at the same moment | whoever takes it first has it | `together` |
//! | a sign-in that waits for its code while its way is taken away | void | `together` |
//! | an old password, used while it changes | the account is held | `races` |
//! | a request kept open until its session has ended | the session is looked at again | `races` |
//! | locking somebody out | a known device is untouched, others wait a moment | `force` |
//! | who is suspended comes in another way, or goes on | nothing lets them in | `suspended` |
//! | locking out who may administrate more | `security` refuses | `suspended` |
//! | which accounts are suspended | only their owners are told | `suspended` |
//! | filling a mailbox | counted for the mailbox and for the address | `mails` |
//! | too large, too much | bounded | `input` |
//! | requests into our network by a provider | never sent | `input` |
//! | secrets in the log | never written | `input` |

mod accounts;
mod browser;
mod force;
mod input;
mod isolation;
mod mails;
mod races;
mod suspended;
mod together;
mod tokens;
