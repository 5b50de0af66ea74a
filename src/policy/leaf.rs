//! The routes of one host and path pattern.

use std::sync::Arc;

use super::decision::Denial;
use super::guarded::GuardedRoute;
use super::header_condition::{HeaderConditions, Meets};
use super::method::Methods;
use crate::message::RequestHead;

/// Finds the route of a request by its method, then by its header.
#[derive(Debug, Default)]
pub(super) struct Leaf {
    /// By the methods, in alphabetical order.
    listed: Vec<(Box<str>, Chain)>,
    any: Chain,
}

/// Routes that differ in their header conditions alone.
#[derive(Debug, Default)]
// INVARIANT: each asks for all that the next one asks for, and for more.
struct Chain(Vec<Arc<GuardedRoute>>);

impl Leaf {
    /// Adds `route`. `Err` is a route that is there already, so that some request could be meant for
    /// either.
    pub(super) fn insert(&mut self, route: &Arc<GuardedRoute>) -> Result<(), Arc<GuardedRoute>> {
        let conditions = &route.route().headers;
        match &route.route().methods {
            Methods::Any => {
                self.any.rival(conditions)?;
                self.any.insert(route);
            }
            Methods::Only(set) => {
                for chain in set.iter().filter_map(|method| self.chain(method)) {
                    chain.rival(conditions)?;
                }
                for method in set.iter() {
                    match self.find(method) {
                        Ok(at) => {
                            self.listed.get_mut(at).into_iter().for_each(|(_, c)| c.insert(route));
                        }
                        Err(at) => {
                            let chain = Chain(vec![Arc::clone(route)]);
                            self.listed.insert(at, (method.into(), chain));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The route of a request. A listed method is not served by a route for any method.
    pub(super) fn route(
        &self,
        method: &str,
        head: &RequestHead<'_>,
    ) -> Result<&Arc<GuardedRoute>, Denial> {
        let chain = self.chain(method).unwrap_or(&self.any);
        if chain.0.is_empty() {
            let listed: Vec<_> = self.listed.iter().map(|(method, _)| &**method).collect();
            return Err(Denial::MethodNotAllowed { allowed: Arc::from(listed.join(", ")) });
        }
        for route in &chain.0 {
            match route.route().headers.met_by(head) {
                Meets::All => return Ok(route),
                Meets::Disputed => return Err(Denial::HeaderUnmatched),
                Meets::NotAll => {}
            }
        }
        Err(Denial::HeaderUnmatched)
    }

    /// Whether a route lists `method`.
    pub(super) fn lists(&self, method: &str) -> bool {
        self.find(method).is_ok()
    }

    fn chain(&self, method: &str) -> Option<&Chain> {
        self.find(method).ok().and_then(|at| self.listed.get(at)).map(|(_, chain)| chain)
    }

    fn find(&self, method: &str) -> Result<usize, usize> {
        self.listed.binary_search_by(|(one, _)| (**one).cmp(method))
    }

    /// All routes; one that lists several methods comes as often.
    pub(super) fn routes(&self) -> impl Iterator<Item = &Arc<GuardedRoute>> {
        self.listed.iter().map(|(_, chain)| chain).chain([&self.any]).flat_map(|chain| &chain.0)
    }
}

impl Chain {
    /// `Err` is a route that neither asks for all of `conditions` and more, nor for less.
    fn rival(&self, conditions: &HeaderConditions) -> Result<(), Arc<GuardedRoute>> {
        let is_rival = |other: &&Arc<GuardedRoute>| {
            let other = &other.route().headers;
            other.len() == conditions.len()
                || !(other.contains(conditions) || conditions.contains(other))
        };
        self.0.iter().find(is_rival).map_or(Ok(()), |other| Err(Arc::clone(other)))
    }

    fn insert(&mut self, route: &Arc<GuardedRoute>) {
        let count = route.route().headers.len();
        let place = self.0.partition_point(|other| other.route().headers.len() > count);
        self.0.insert(place, Arc::clone(route));
    }
}
