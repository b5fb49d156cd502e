//! The response context (RFC 3261 §16.7): what became of the branches of one request.

use std::cmp::Reverse;

use faxproof_wire::sip::{Message, Method, Name};

use super::SipServer;
use super::breadth;
use super::forward::{Target, target_of};
use crate::config::Forking;
use crate::core::{Duration, Outbox, Time, Timer};
use crate::sip::courier::Courier;
use crate::sip::transaction::T1;

/// Timer C must be longer than three minutes (§16.6 step 11).
const PATIENCE: Duration = Duration::secs(181);
/// Name of Timer C; its owner is the client transaction.
pub(super) const TIMER_C: &str = "C";
/// Targets that one request may be redirected to, all told.
const MAX_TARGETS: usize = 20;
/// Octets of challenges that are kept for one response.
const MAX_CHALLENGES: usize = 16 * 1024;
/// With fewer requests at hand, looking for those that have ended is not worth the while.
pub(super) const FEWEST_TO_SWEEP: usize = 64;

/// A request that is being forwarded.
#[derive(Clone, Debug)]
pub(super) struct Context {
    request: Message,
    branches: Vec<Branch>,
    /// Request-URIs tried: each at most once (§8.1.3.4).
    tried: Vec<String>,
    /// Targets that wait for their turn, the most preferred first.
    waiting: Vec<Target>,
    best: Option<Message>,
    /// What the 401 and 407 of all branches ask for, in the order in which they came.
    challenges: Vec<(Name, String)>,
    /// Nobody wants any further answer: the caller, or one who has answered for all.
    cancelled: bool,
    /// A final response has been forwarded.
    done: bool,
}

impl Context {
    fn is_invite(&self) -> bool {
        self.request.method() == Some(&Method::Invite)
    }

    /// Whether a branch still waits for its final response.
    fn waits(&self) -> bool {
        self.branches.iter().any(|branch| !branch.ended)
    }

    /// The targets whose turn it is (§16.6): the most preferred, with all of equal preference if they are
    /// tried at once.
    fn next_targets(&mut self, forking: Forking) -> Vec<Target> {
        let Some(first) = self.waiting.first() else { return Vec::new() };
        let count = match forking {
            Forking::Serial => 1,
            Forking::Parallel => self.waiting.iter().take_while(|target| target.q == first.q).count(),
        };
        self.waiting.drain(..count).collect()
    }

    /// Keeps what a response asks for; false if that is too much.
    fn keep_challenges(&mut self, response: &Message) -> bool {
        let asked = challenges(response);
        let octets: usize = self.challenges.iter().chain(&asked).map(|(_, value)| value.len()).sum();
        let fits = octets <= MAX_CHALLENGES;
        if fits {
            self.challenges.extend(asked);
        }
        fits
    }

    /// The best of all answers (§16.7 step 6). A 401 or 407 takes along what others ask for (step 7): the
    /// caller, who gets this answer alone, can then answer them all.
    fn best_answer(&mut self) -> Option<Message> {
        let best = self.best.take()?;
        if !is_challenge(&best) {
            return Some(best);
        }
        let own = challenges(&best);
        let mut edit = best.edit();
        for (name, value) in self.challenges.drain(..).filter(|asked| !own.contains(asked)) {
            edit.append(name, &value);
        }
        Some(edit.finish())
    }

    /// Whether a transaction of it still runs.
    fn lives(&self, tx: u64, courier: &Courier) -> bool {
        courier.owns(tx) || self.branches.iter().any(|branch| courier.owns(branch.tx))
    }
}

/// One try.
#[derive(Clone, Debug)]
struct Branch {
    tx: u64,
    provisional: bool,
    /// CANCEL was sent.
    cancelled: bool,
    ended: bool,
    /// It leads where we let others redirect us.
    trusted: bool,
}

impl SipServer {
    /// A new request to forward.
    pub(super) fn begin(&mut self, now: Time, tx: u64, request: Message, out: &mut Outbox) {
        let targets = match self.targets(now, &request) {
            Ok(targets) => targets,
            Err(code) => return self.answer(now, tx, &request, code, out),
        };
        let context = Context {
            request,
            branches: Vec::new(),
            tried: Vec::new(),
            waiting: targets,
            best: None,
            challenges: Vec::new(),
            cancelled: false,
            done: false,
        };
        self.contexts.insert(tx, context);
        self.try_next(now, tx, out);
    }

    /// A response on one of the branches.
    pub(super) fn response(&mut self, now: Time, client: u64, response: Message, out: &mut Outbox) {
        let Some(tx) = self.branches.get(&client).copied() else { return };
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        let Some(branch) = context.branches.iter_mut().find(|branch| branch.tx == client) else { return };
        let code = response.code().unwrap_or_default();
        if code < 200 {
            branch.provisional = true;
            let (ended, cancelled, done) = (branch.ended, context.cancelled, context.done);
            if code > 100 {
                if !branch.cancelled && context.is_invite() {
                    out.arm(now, PATIENCE, Timer { owner: client, name: TIMER_C });
                }
                // §16.7 step 5: behind a final response nothing but a 2xx goes on.
                if !done {
                    self.pass_back(now, tx, &response, out);
                }
            }
            if cancelled && !ended {
                self.cancel_branches(now, tx, out);
            }
            return;
        }
        branch.ended = true;
        let trusted = branch.trusted;
        out.disarm(Timer { owner: client, name: TIMER_C });
        match code {
            // Every 2xx of an INVITE goes on at once, even two that cross (§16.7 step 5); of another request one.
            200..300 if !context.done || context.is_invite() => {
                context.done = true;
                self.pass_back(now, tx, &response, out);
                self.stop(now, tx, out);
            }
            300..400 if trusted && !context.cancelled && self.redirected(tx, &response) => {
                self.try_next(now, tx, out);
            }
            _ => self.branch_ended(now, tx, response, out),
        }
    }

    /// A branch without an answer.
    pub(super) fn branch_failed(&mut self, now: Time, client: u64, code: u16, out: &mut Outbox) {
        let Some(tx) = self.branches.get(&client).copied() else { return };
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        let Some(branch) = context.branches.iter_mut().find(|branch| branch.tx == client) else { return };
        if std::mem::replace(&mut branch.ended, true) {
            return;
        }
        out.disarm(Timer { owner: client, name: TIMER_C });
        let request = context.request.clone();
        let made_up = self.response_to(&request, code).finish();
        self.branch_ended(now, tx, made_up, out);
    }

    /// CANCEL (§16.10): 200 at once, and on to every branch that has shown signs of life.
    pub(super) fn cancelled(&mut self, now: Time, tx: u64, cancel: &Message, out: &mut Outbox) {
        let Some(invite) = self.courier.cancelled_by(cancel) else {
            return self.answer(now, tx, cancel, 481, out);
        };
        self.answer(now, tx, cancel, 200, out);
        self.stop(now, invite, out);
    }

    /// Wants no further answer: CANCEL on every branch that has shown signs of life (§16.7 step 10), on the
    /// others as soon as they do.
    fn stop(&mut self, now: Time, tx: u64, out: &mut Outbox) {
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        context.cancelled = true;
        context.waiting.clear();
        if !context.is_invite() {
            return;
        }
        let tried: Vec<u64> = context.branches.iter().filter(|b| !b.ended).map(|b| b.tx).collect();
        self.cancel_branches(now, tx, out);
        for client in tried {
            // Whose server is still being looked for has nothing to cancel.
            if self.courier.give_up(client, out) {
                self.branch_failed(now, client, 487, out);
            }
        }
    }

    /// Timer C (§16.8): cancels a branch that rings, gives up one that never answered, not even to a CANCEL
    /// (§9.1).
    pub(super) fn timer_c(&mut self, now: Time, client: u64, out: &mut Outbox) {
        let Some(tx) = self.branches.get(&client).copied() else { return };
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        let rings = |branch: &Branch| branch.tx == client && branch.provisional && !branch.cancelled;
        if context.branches.iter().any(rings) {
            context.cancelled = true;
            self.cancel_branches(now, tx, out);
        } else {
            self.courier.give_up(client, out);
            self.courier.abandon(now, client, out);
            self.branch_failed(now, client, 408, out);
        }
    }

    /// Drops the contexts whose transactions are all gone, as soon as there may be as many of them as of
    /// others: so a busy server spends no more on it than on forwarding.
    pub(super) fn forget_finished(&mut self) {
        if self.contexts.len() < self.sweep_at {
            return;
        }
        let courier = &self.courier;
        self.branches.retain(|client, _| courier.owns(*client));
        self.contexts.retain(|tx, context| context.lives(*tx, courier));
        self.sweep_at = FEWEST_TO_SWEEP.max(2 * self.contexts.len());
    }

    /// Requests whose forwarding has not come to its end.
    pub(super) fn forwarding(&self) -> usize {
        self.contexts.iter().filter(|(tx, context)| context.lives(**tx, &self.courier)).count()
    }

    /// Forwards to those whose turn it is, as soon as nobody is being tried any more.
    fn try_next(&mut self, now: Time, tx: u64, out: &mut Outbox) {
        let forking = self.config.forking;
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        if context.waits() {
            return;
        }
        let targets = context.next_targets(forking);
        let Some(shares) = breadth::shares(&context.request, targets.len()) else {
            context.waiting.clear();
            let request = context.request.clone();
            let refusal = self.response_to(&request, 440).finish();
            return self.branch_ended(now, tx, refusal, out);
        };
        for (target, share) in targets.into_iter().zip(shares) {
            self.try_one(now, tx, target, share, out);
        }
    }

    fn try_one(&mut self, now: Time, tx: u64, target: Target, breadth: Option<u32>, out: &mut Outbox) {
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        context.tried.push(target.uri.clone());
        let request = context.request.clone();
        let mut sent = self.forwarded(&request, &target.uri, breadth, None);
        if self.courier.is_under_way(&sent) {
            // Two clients have drawn the same branch: they are told apart by more than that (§17.2.3).
            sent = self.forwarded(&request, &target.uri, breadth, Some(tx));
        }
        let client = self.courier.send(now, sent, &target.to, out);
        let trusted = self.config.follows_redirects || self.is_location_server(&target.to);
        self.branches.insert(client, tx);
        if request.method() == Some(&Method::Invite) {
            out.arm(now, PATIENCE, Timer { owner: client, name: TIMER_C });
        }
        if let Some(context) = self.contexts.get_mut(&tx) {
            let branch = Branch { tx: client, provisional: false, cancelled: false, ended: false, trusted };
            context.branches.push(branch);
        }
    }

    /// Puts the Contacts of a 3xx on the list (§16.5); false if there is nothing new among them.
    fn redirected(&mut self, tx: u64, response: &Message) -> bool {
        let Some(context) = self.contexts.get_mut(&tx) else { return false };
        let contacts = response.addresses(Name::Contact).unwrap_or_default();
        for target in contacts.iter().filter_map(target_of) {
            let known =
                context.tried.contains(&target.uri) || context.waiting.iter().any(|t| t.uri == target.uri);
            if !known && context.tried.len() + context.waiting.len() < MAX_TARGETS {
                context.waiting.push(target);
            }
        }
        context.waiting.sort_by_key(|target| Reverse(target.q));
        !context.waiting.is_empty()
    }

    /// A branch came to a bad end: the next target, or the best of all answers (§16.7 step 6).
    fn branch_ended(&mut self, now: Time, tx: u64, response: Message, out: &mut Outbox) {
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        let code = response.code().unwrap_or(500);
        if is_challenge(&response) && !context.keep_challenges(&response) {
            out.unexpected("more challenges than one response takes along", "fewer");
        }
        let better = context.best.as_ref().is_none_or(|best| rank(code) < rank(best.code().unwrap_or(500)));
        if better {
            context.best = Some(response);
        }
        if code >= 600 {
            self.stop(now, tx, out);
        }
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        if !context.waiting.is_empty() {
            return self.try_next(now, tx, out);
        }
        if context.waits() || context.done {
            return;
        }
        let invite = context.is_invite();
        context.done = true;
        let Some(best) = context.best_answer() else { return };
        // RFC 4320 §4.2: no 408 for a request other than INVITE; the client has timed out as well.
        if invite || best.code() != Some(408) {
            self.pass_back(now, tx, &best, out);
        } else {
            self.courier.abandon(now, tx, out);
        }
    }

    /// Forwards a response without our Via; a lone 503 becomes 500 (§16.7 step 6).
    fn pass_back(&mut self, now: Time, tx: u64, response: &Message, out: &mut Outbox) {
        let mut edit = response.edit();
        if response
            .via()
            .is_ok_and(|via| crate::sip::address::host_ip(&via.host) == Some(self.config.address))
        {
            edit.remove_first_value(Name::Via);
        }
        if response.code() == Some(503) {
            edit.set_code(500, "Server Internal Error");
        }
        self.courier.respond(now, tx, edit.finish(), out);
    }

    fn cancel_branches(&mut self, now: Time, tx: u64, out: &mut Outbox) {
        let Some(context) = self.contexts.get_mut(&tx) else { return };
        let ready = context.branches.iter_mut().filter(|b| b.provisional && !b.cancelled && !b.ended);
        let mut cancelled = Vec::new();
        for branch in ready {
            branch.cancelled = true;
            cancelled.push(branch.tx);
        }
        for branch in cancelled {
            if let Some(id) = self.courier.cancel(now, branch, out) {
                self.branches.remove(&id);
            }
            out.arm(now, T1 * 64, Timer { owner: branch, name: TIMER_C });
        }
    }
}

/// The lower the better: 6xx decides alone, then the class, and 401, 407, 415, 420, 484 help the caller most.
fn rank(code: u16) -> u16 {
    match code {
        600.. => 0,
        401 | 407 | 415 | 420 | 484 => 400,
        300..=399 => 350,
        503 => 999,
        code => code + 10,
    }
}

fn is_challenge(response: &Message) -> bool {
    matches!(response.code(), Some(401 | 407))
}

/// What a response asks for, each with its field.
fn challenges(response: &Message) -> Vec<(Name, String)> {
    let of = |name| response.values(name).map(move |value| (name, value.into_owned()));
    [Name::WwwAuthenticate, Name::ProxyAuthenticate].into_iter().flat_map(of).collect()
}
