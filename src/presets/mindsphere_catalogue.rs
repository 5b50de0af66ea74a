//! The 15 roles behind which MindSphere's services respect subtenants.
//!
//! The vendor's how-to names the roles and says in words what each grants. Paths, methods and scopes
//! are put together from the places that each entry names. Versions are never left open: another
//! version of a service is another service, which nobody has called aware.

use super::Origin;
use super::Origin::{Documentation, Inference, PublicCode, SubtenancyGuide};
use super::catalogue::{CatalogueEntry, CataloguePreset, CatalogueRow, Certainty};
use crate::policy::RuleReach::{self, Exact, Prefix};

/// The platform's subtenancy-aware services.
pub const MINDSPHERE_CATALOGUE: CataloguePreset =
    CataloguePreset { name: "mindsphere", role_prefix: "mdsp:core:", rows: ROWS };

const ROWS: &[CatalogueRow] = &[
    CatalogueRow {
        role: "mdsp:core:amm.user",
        role_origin: SubtenancyGuide,
        grants: "the services of model management",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::Medium,
        strict: &[entry(
            "/api/modelmanagement/v3",
            Prefix,
            &["GET", "POST", "PATCH", "DELETE"],
            None,
            BOTH,
        )],
        lenient: &[],
        note: "the guide sets no limit; the methods are those that public clients use",
    },
    CatalogueRow {
        role: "mdsp:core:analytics.adb.user",
        role_origin: SubtenancyGuide,
        grants: "the batch services of anomaly detection",
        is_on: false,
        paths: Certainty::Medium,
        methods: Certainty::Medium,
        strict: &[
            entry("/api/anomalydetection/v3/trainModelJobs", Prefix, &["GET", "POST"], None, CODE),
            entry(
                "/api/anomalydetection/v3/detectAnomaliesJobs",
                Prefix,
                &["GET", "POST"],
                None,
                CODE,
            ),
        ],
        lenient: &[],
        note: "the vendor has withdrawn this family of services",
    },
    CatalogueRow {
        role: "mdsp:core:analytics.user",
        role_origin: SubtenancyGuide,
        grants: "the services of analytics",
        is_on: false,
        paths: Certainty::Medium,
        methods: Certainty::Medium,
        strict: &[
            entry("/api/anomalydetection/v3/models", Exact, &["POST"], None, CODE),
            entry("/api/anomalydetection/v3/modelsDirect", Exact, &["POST"], None, CODE),
            entry("/api/anomalydetection/v3/detectanomalies", Exact, &["POST"], None, CODE),
            entry("/api/anomalydetection/v3/detectanomaliesDirect", Exact, &["POST"], None, CODE),
            entry("/api/eventanalytics/v3", Prefix, &["POST"], None, CODE),
            entry("/api/kpicalculation/v3", Prefix, &["POST"], None, CODE),
            entry("/api/signalcalculation/v3", Prefix, &["POST"], None, CODE),
            entry("/api/signalvalidation/v3", Prefix, &["POST"], None, CODE),
            entry("/api/spectrumanalysis/v3", Prefix, &["POST"], None, CODE),
            entry("/api/trendprediction/v3", Prefix, &["POST"], None, CODE),
            entry("/api/trendprediction/v3/models", Prefix, &["GET", "DELETE"], None, CODE),
        ],
        lenient: &[],
        note: "the vendor has withdrawn these services; some of the paths are documented as well",
    },
    CatalogueRow {
        role: "mdsp:core:assetmanagement.reporter",
        role_origin: SubtenancyGuide,
        grants: "reading assets, asset types, aspect types and files",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[
            entry("/api/assetmanagement/v3/assets", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/assettypes", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/aspecttypes", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/files", Prefix, &["GET"], None, BOTH),
        ],
        lenient: &[],
        note: "its scopes are not public",
    },
    CatalogueRow {
        role: "mdsp:core:assetmanagement.subtenantuser",
        role_origin: SubtenancyGuide,
        grants: "reading asset types and aspect types, reading and updating assets, reading, updating and deleting files",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::Medium,
        strict: &[
            entry("/api/assetmanagement/v3/assettypes", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/aspecttypes", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/assets", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/assets/*", Prefix, &["PUT", "PATCH"], None, BOTH),
            entry("/api/assetmanagement/v3/files", Prefix, &["GET"], None, BOTH),
            entry("/api/assetmanagement/v3/files/*", Prefix, &["PUT", "DELETE"], None, BOTH),
        ],
        lenient: &[
            entry("/api/assetmanagement/v3/assets/*/location", Exact, &["DELETE"], None, CODE),
            entry(
                "/api/assetmanagement/v3/assets/*/fileAssignments/*",
                Exact,
                &["DELETE"],
                None,
                CODE,
            ),
            entry("/api/assetmanagement/v3/assets/*", Exact, &["POST"], None, CODE),
            entry("/api/assetmanagement/v3/assets/*/move", Exact, &["POST"], None, GUESS),
        ],
        note: "creating and deleting assets is not covered; lenient adds changes of an asset that need neither PUT nor PATCH, of which the guide says nothing",
    },
    CatalogueRow {
        role: "mdsp:core:dataexch.user",
        role_origin: SubtenancyGuide,
        grants: "the service for data exchange",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::Medium,
        strict: &[entry(
            "/api/dataexchange/v3",
            Prefix,
            &["GET", "POST", "PUT", "PATCH", "DELETE"],
            None,
            CODE,
        )],
        lenient: &[],
        note: "the guide sets no limit; the methods are those that public clients use",
    },
    CatalogueRow {
        role: "mdsp:core:em.eventviewer",
        role_origin: SubtenancyGuide,
        grants: "reading events and event types",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[
            entry("/api/eventmanagement/v3/events", Prefix, &["GET"], Some("em.r"), BOTH),
            entry("/api/eventmanagement/v3/eventTypes", Prefix, &["GET"], Some("em.et.r"), BOTH),
        ],
        lenient: &[],
        note: "the scopes are documented for each operation",
    },
    CatalogueRow {
        role: "mdsp:core:im.meIamViewer",
        role_origin: SubtenancyGuide,
        grants: "what is known of the current user, with its roles",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[entry("/api/identitymanagement/v3/Users/me", Exact, &["GET"], None, CODE)],
        lenient: &[],
        note: "this one path: other users and groups stay closed",
    },
    CatalogueRow {
        role: "mdsp:core:iot.bulkTimUser",
        role_origin: SubtenancyGuide,
        grants: "reading bulk time series",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[entry("/api/iottsbulk/v3/timeseries", Prefix, &["GET"], Some("iot.bts.r"), BOTH)],
        lenient: &[],
        note: "import jobs have a scope of their own, `iot.bi.r`, and are not covered",
    },
    CatalogueRow {
        role: "mdsp:core:iot.filAdmin",
        role_origin: SubtenancyGuide,
        grants: "reading, writing and deleting files",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[
            entry("/api/iotfile/v3/files", Prefix, &["GET"], Some("iot.fil.r"), BOTH),
            entry("/api/iotfile/v3/files", Prefix, &["PUT"], Some("iot.fil.w"), BOTH),
            entry("/api/iotfile/v3/files", Prefix, &["DELETE"], Some("iot.fil.d"), BOTH),
            entry("/api/iotfile/v3/fileslist", Prefix, &["GET"], Some("iot.fil.r"), BOTH),
            entry("/api/iotfile/v3/fileslist", Prefix, &["PUT"], Some("iot.fil.w"), BOTH),
            entry("/api/iotfile/v3/fileslist", Prefix, &["DELETE"], Some("iot.fil.d"), BOTH),
        ],
        lenient: &[entry("/api/iotfile/v3/files", Prefix, &["POST"], Some("iot.fil.w"), GUESS)],
        note: "the scopes are documented for each operation; lenient adds POST",
    },
    CatalogueRow {
        role: "mdsp:core:iot.filUser",
        role_origin: SubtenancyGuide,
        grants: "reading files",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[
            entry("/api/iotfile/v3/files", Prefix, &["GET"], Some("iot.fil.r"), BOTH),
            entry("/api/iotfile/v3/fileslist", Prefix, &["GET"], Some("iot.fil.r"), BOTH),
        ],
        lenient: &[],
        note: "the guide's own example shows the scope",
    },
    CatalogueRow {
        role: "mdsp:core:iot.timUser",
        role_origin: SubtenancyGuide,
        grants: "reading time series",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[entry(
            "/api/iottimeseries/v3/timeseries",
            Prefix,
            &["GET"],
            Some("iot.tim.r"),
            BOTH,
        )],
        lenient: &[],
        note: "the scope is documented for the operation",
    },
    CatalogueRow {
        role: "mdsp:core:iot.tsaUser",
        role_origin: SubtenancyGuide,
        grants: "aggregates of time series",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::High,
        strict: &[
            entry("/api/iottsaggregates/v3/aggregates", Prefix, &["GET"], Some("iot.tsa.r"), BOTH),
            entry("/api/iottsaggregates/v4/aggregates", Prefix, &["GET"], Some("iot.tsa.r"), BOTH),
        ],
        lenient: &[],
        note: "the scope is documented for the operation; both versions are in use",
    },
    CatalogueRow {
        role: "mdsp:core:jobmgr.user",
        role_origin: SubtenancyGuide,
        grants: "the services of the job manager",
        is_on: true,
        paths: Certainty::High,
        methods: Certainty::Medium,
        strict: &[
            entry("/api/jobmanager/v3/jobs", Prefix, &["GET", "POST", "DELETE"], None, CODE),
            entry("/api/jobmanager/v3/schedules", Prefix, &["GET", "POST", "DELETE"], None, CODE),
        ],
        lenient: &[],
        note: "the guide sets no limit; the methods are those that public clients use",
    },
    CatalogueRow {
        role: "mdsp:core:tsm.read-only",
        role_origin: SubtenancyGuide,
        grants: "viewing configurations of the time series monitor",
        is_on: false,
        paths: Certainty::Unknown,
        methods: Certainty::Unknown,
        strict: &[],
        lenient: &[],
        note: "no path is public: it covers nothing until a configuration states its rules",
    },
];

const BOTH: &[Origin] = &[Documentation, PublicCode];
const CODE: &[Origin] = &[PublicCode];
const GUESS: &[Origin] = &[Inference];

const fn entry(
    path: &'static str,
    reach: RuleReach,
    methods: &'static [&'static str],
    scope: Option<&'static str>,
    origins: &'static [Origin],
) -> CatalogueEntry {
    CatalogueEntry { path, reach, methods, scope, origins }
}
