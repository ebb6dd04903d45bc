//! Requests → tokens.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use apply_cookies::protocol::strict_json::Object;
use apply_cookies::protocol::{
    AfterApply, BindingCookie, Lifetime, Operation, SameOriginPath, UnixMillis,
    parse_operation_over,
};
use apply_cookies::{
    ApplyCookies, BindingPolicy, FrameForm, Issuer, MintOptions, Minted, Scheme, Seal,
};
use serde_json::value::RawValue;

use super::json::{
    FrameWord, Go, MintedToken, Refusal, SealWord, Then, ThenWord, TokenRequest, TokenResult,
};

/// How far a barrier may be ahead of the clock for later tokens to be dated behind it, in
/// milliseconds. If it is further, the clock was set back.
const AHEAD_MAX: u64 = 1_000;

/// Mints for one deployment.
pub(crate) struct Mint {
    issuer: Issuer,
    scheme: Scheme,
    binding: BindingPolicy,
    /// When the latest barrier was issued. A token of its millisecond would count as older.
    last_barrier: AtomicU64,
}

/// A request that nothing is wrong with.
pub(crate) struct Order {
    issuer: Issuer,
    binding: Option<BindingCookie>,
    operations: Vec<Operation<'static>>,
    barrier: bool,
    then: Option<AfterApply<'static>>,
    form: Option<FrameForm>,
}

impl Mint {
    /// For tokens that another process redeems.
    pub(crate) fn new(issuer: Issuer, scheme: Scheme, binding: BindingPolicy) -> Self {
        Self {
            issuer,
            scheme,
            binding,
            last_barrier: AtomicU64::new(0),
        }
    }

    /// For tokens that this deployment redeems: they carry its store's scope.
    pub(crate) fn of(cookies: &ApplyCookies) -> Self {
        Self::new(
            cookies.issuer().clone(),
            cookies.scheme(),
            cookies.binding(),
        )
    }

    /// Checks a request. That it is malformed counts before that it breaks a rule.
    pub(crate) fn prepare(&self, request: &TokenRequest) -> Result<Order, Refusal> {
        let operations = self.operations(&request.operations)?;
        let seal = match request.seal {
            SealWord::Encrypted => Seal::Encrypted,
            SealWord::Signed => Seal::Signed,
        };
        let lifetime = match request.ttl_ms {
            None => Ok(self.issuer.clone()),
            Some(millis) => (Lifetime::from_millis(millis))
                .and_then(|lifetime| self.issuer.clone().lifetime(lifetime).ok())
                .ok_or_else(|| {
                    let longest = self.issuer.longest_lifetime().as_millis();
                    Refusal::of("ttl_ms", format!("must be from 1 to {longest}"))
                }),
        };
        Ok(Order {
            binding: self.browser(request.binding.as_deref())?,
            operations,
            issuer: lifetime?.seal(seal),
            barrier: request.barrier,
            then: request.then.as_ref().map(after_apply).transpose()?,
            form: request.frame.map(|frame| match frame {
                FrameWord::Sse => FrameForm::Sse,
                FrameWord::WebSocket => FrameForm::WebSocket,
                FrameWord::Html => FrameForm::Html,
            }),
        })
    }

    fn operations(&self, given: &[Box<RawValue>]) -> Result<Vec<Operation<'static>>, Refusal> {
        let mut operations = Vec::with_capacity(given.len());
        let mut refused = None;
        for (number, json) in given.iter().enumerate() {
            match parse_operation_over(json.get(), self.scheme) {
                Ok(operation) => operations.push(operation),
                Err(error) => {
                    let mut refusal = Refusal::of(error.field(), error.reason()).at(number);
                    refusal.malformed = !error.is_rule();
                    if refusal.malformed {
                        return Err(refusal);
                    }
                    refused.get_or_insert(refusal);
                }
            }
        }
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        if operations.is_empty() {
            return Err(Refusal::of(
                "operations",
                "must contain at least one operation",
            ));
        }
        let mut cookies = HashSet::new();
        match operations
            .iter()
            .position(|operation| !cookies.insert(operation.key()))
        {
            Some(second) => {
                Err(Refusal::of("name", "is of a cookie that has an operation already").at(second))
            }
            None => Ok(operations),
        }
    }

    fn browser(&self, binding: Option<&str>) -> Result<Option<BindingCookie>, Refusal> {
        let refuse = |detail: &str| Err(Refusal::of("binding", detail));
        match binding.map(|text| BindingCookie::parse(text.as_bytes())) {
            Some(Some(cookie)) => Ok(Some(cookie)),
            Some(None) => refuse("must be the 43 characters of a binding cookie"),
            None if self.binding == BindingPolicy::Optional => Ok(None),
            None => refuse("is missing: without it, nobody could redeem the token"),
        }
    }

    /// Mints one order.
    pub(crate) fn mint_one(
        &self,
        id: Option<String>,
        order: Result<Order, Refusal>,
    ) -> TokenResult {
        self.result(id, order, &mut None)
    }

    /// Mints what was ordered, in this order: what follows a barrier is younger than it.
    pub(crate) fn mint(
        &self,
        orders: impl IntoIterator<Item = (Option<String>, Result<Order, Refusal>)>,
    ) -> Vec<TokenResult> {
        let mut after = None;
        (orders.into_iter())
            .map(|(id, order)| self.result(id, order, &mut after))
            .collect()
    }

    fn result(
        &self,
        id: Option<String>,
        order: Result<Order, Refusal>,
        after: &mut Option<UnixMillis>,
    ) -> TokenResult {
        match order {
            Ok(order) => TokenResult {
                id,
                tokens: Some(self.fulfil(order, after)),
                error: None,
            },
            Err(refusal) => TokenResult::refused(id, refusal),
        }
    }

    fn fulfil(&self, order: Order, after: &mut Option<UnixMillis>) -> Vec<MintedToken> {
        let mut options = MintOptions::default();
        if order.barrier {
            options = options.barrier();
        }
        if let Some(then) = order.then {
            options = options.then(then);
        }
        // A barrier is not dated behind those of earlier calls: many of them would run ahead.
        if let Some(barrier) = after.or_else(|| self.last_barrier().filter(|_| !order.barrier)) {
            options = options.after(barrier);
        }
        let tokens = (order.issuer).mint_all(order.operations, order.binding.as_ref(), &options);
        let minted = tokens.into_iter().map(|(minted, _)| {
            if minted.is_barrier() {
                *after = Some(minted.issued_at());
                let at = minted.issued_at().get();
                self.last_barrier.fetch_max(at, Ordering::Relaxed);
            }
            MintedToken::new(minted, order.form)
        });
        minted.collect()
    }

    fn last_barrier(&self) -> Option<UnixMillis> {
        let at = self.last_barrier.load(Ordering::Relaxed);
        let ahead = at.saturating_sub(self.issuer.now().get());
        UnixMillis::new(at).filter(|_| at > 0 && ahead <= AHEAD_MAX)
    }
}

impl MintedToken {
    fn new(minted: Minted, form: Option<FrameForm>) -> Self {
        Self {
            frame: form.map(|form| form.frame(minted.token().as_str())),
            receipt: minted.receipt_id().to_text(),
            issued_at: minted.issued_at().get(),
            expires_at: minted.expires_at().get(),
            token: minted.into_token().into_string(),
        }
    }
}

fn after_apply(then: &Then) -> Result<AfterApply<'static>, Refusal> {
    Ok(match then {
        Then::Word(ThenWord::Reconnect) => AfterApply::Reconnect,
        Then::Word(ThenWord::Reload) => AfterApply::Reload,
        Then::Go(Object(Go { go })) => SameOriginPath::parse(go.clone())
            .map(AfterApply::GoTo)
            .ok_or_else(|| {
                Refusal::of(
                    "then",
                    "must go to a path of the page's own origin, as in /account",
                )
            })?,
    })
}

#[cfg(test)]
mod tests {
    use apply_cookies::{Clock, Secrets};

    use super::*;

    const NOW: u64 = 1_795_000_000_000;

    /// When the token of a call is issued, by a clock that stands still.
    fn issued_at(mint: &Mint, barrier: bool) -> u64 {
        let json =
            format!(r#"{{"operations":[{{"op":"delete","name":"session"}}],"barrier":{barrier}}}"#);
        let request: TokenRequest = serde_json::from_str(&json).unwrap();
        let order = mint.prepare(&request);
        let tokens = mint.mint_one(None, order).tokens.unwrap();
        tokens[0].issued_at
    }

    #[test]
    fn a_token_of_a_later_call_is_younger_than_a_barrier_of_the_same_millisecond() {
        let clock = Clock::from_fn(|| UnixMillis::EPOCH.plus(NOW));
        let issuer = Issuer::new(Secrets::random()).unwrap().clock(clock);
        let mint = Mint::new(issuer, Scheme::Https, BindingPolicy::Optional);
        assert_eq!(issued_at(&mint, false), NOW);
        // Many sign-outs do not run ahead of the clock.
        for _ in 0..3 {
            assert_eq!(issued_at(&mint, true), NOW);
        }
        assert_eq!(issued_at(&mint, false), NOW + 1);
        // Of a clock that was set back since, nothing is left.
        let ahead = NOW + AHEAD_MAX + 1;
        mint.last_barrier.store(ahead, Ordering::Relaxed);
        assert_eq!(issued_at(&mint, false), NOW);
    }
}
