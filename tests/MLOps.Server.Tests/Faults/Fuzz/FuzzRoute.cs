using FsCheck;
using static MLOps.Server.Tests.Faults.Fuzz.FuzzValues;

namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>A route that speaks JSON, and what its fields take.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">Its path below <c>mlflow/</c>; <c>{id}</c> is a logged model.</param>
/// <param name="Fields">Its fields with values that are mostly legal.</param>
internal sealed record FuzzRoute(string Method, string Path, params (string Name, Gen<Func<FuzzPool, string>> Value)[] Fields)
{
    private static readonly Gen<Func<FuzzPool, string>> s_view = Fixed("\"ACTIVE_ONLY\"", "\"DELETED_ONLY\"", "\"ALL\"", "1", "3"), s_few = Fixed("1", "2", "3", "60"), s_time = Number(0, int.MaxValue);

    private static readonly (string, Gen<Func<FuzzPool, string>>) s_run = ("run_id", Known(FuzzThing.Run)), s_experiment = ("experiment_id", Known(FuzzThing.Experiment)), s_key = ("key", Text), s_value = ("value", Text),
        s_model = ("name", Known(FuzzThing.RegisteredModel)), s_version = ("version", Known(FuzzThing.Version)), s_token = ("page_token", Known(FuzzThing.PageToken));

    private static readonly Gen<Func<FuzzPool, string>> s_metrics = List(Object(s_key, ("value", Real), ("timestamp", s_time), ("step", Number(-5, 50)), ("model_id", Known(FuzzThing.LoggedModel))));

    private static readonly Gen<Func<FuzzPool, string>> s_plainMetrics = List(Object(s_key, ("value", Real), ("timestamp", s_time), ("step", Number(-5, 50))));

    private static readonly Gen<Func<FuzzPool, string>> s_datasets = List(Object(
        ("tags", Pairs), ("dataset", Object(("name", Text), ("digest", Text), ("source_type", Text), ("source", Text), ("schema", Text), ("profile", Text)))));

    /// <summary>Those that make what others need.</summary>
    public static FuzzRoute[] Makers => [.. All.Where(route => route is { Method: "POST", Path: "experiments/create" or "runs/create" or "registered-models/create" or "model-versions/create" or "logged-models" or "runs/restore" or "experiments/restore" })];

    public static FuzzRoute[] All { get; } =
    [
        new("POST", "experiments/create", ("name", Text), ("tags", Pairs)),
        new("POST", "experiments/create", ("name", Text), ("artifact_location", Fixed("\"mlflow-artifacts:/elsewhere\"", "\"s3://bucket/x\"", "\"relative/folder\""))),
        new("GET", "experiments/get", s_experiment),
        new("GET", "experiments/get-by-name", ("experiment_name", Text)),
        new("POST", "experiments/search", ("max_results", s_few), s_token, ("filter", Filter), ("order_by", OrderBy), ("view_type", s_view)),
        new("GET", "experiments/search", ("max_results", s_few), s_token, ("filter", Filter), ("order_by", OrderBy), ("view_type", s_view)),
        new("POST", "experiments/delete", s_experiment),
        new("POST", "experiments/restore", s_experiment),
        new("POST", "experiments/update", s_experiment, ("new_name", Text)),
        new("POST", "experiments/set-experiment-tag", s_experiment, s_key, s_value),
        new("POST", "experiments/delete-experiment-tag", s_experiment, s_key),
        new("POST", "experiments/search-datasets", ("experiment_ids", List(Known(FuzzThing.Experiment)))),
        new("POST", "runs/create", s_experiment, ("user_id", Text), ("run_name", Text), ("start_time", s_time), ("tags", Pairs)),
        new("POST", "runs/create", s_experiment, ("start_time", s_time)),
        new("POST", "runs/update", s_run, ("status", Fixed("\"FINISHED\"", "\"FAILED\"", "\"RUNNING\"", "5", "2")), ("end_time", s_time), ("run_name", Text)),
        new("POST", "runs/delete", s_run),
        new("POST", "runs/restore", s_run),
        new("POST", "runs/restore", s_run),
        new("GET", "runs/get", s_run),
        new("GET", "runs/get", ("run_uuid", Known(FuzzThing.Run))),
        new("POST", "runs/search", ("experiment_ids", List(Known(FuzzThing.Experiment))), ("filter", Filter), ("run_view_type", s_view), ("max_results", s_few), ("order_by", OrderBy), s_token),
        new("POST", "runs/log-metric", s_run, s_key, ("value", Real), ("timestamp", s_time), ("step", Number(-5, 50))),
        new("POST", "runs/log-metric", s_run, s_key, ("value", Real), ("timestamp", s_time), ("model_id", Known(FuzzThing.LoggedModel)), ("dataset_name", Text), ("dataset_digest", Text)),
        new("POST", "runs/log-parameter", s_run, s_key, s_value),
        new("POST", "runs/set-tag", s_run, s_key, s_value),
        new("POST", "runs/delete-tag", s_run, s_key),
        new("POST", "runs/log-batch", s_run, ("metrics", s_plainMetrics), ("params", Pairs), ("tags", Pairs)),
        new("POST", "runs/log-batch", s_run, ("metrics", s_metrics)),
        new("POST", "runs/log-model", s_run, ("model_json", Fixed("\"{\\\"artifact_path\\\":\\\"m\\\",\\\"flavors\\\":{},\\\"utc_time_created\\\":\\\"2024\\\",\\\"run_id\\\":\\\"x\\\"}\"", "\"{}\"", "\"[\""))),
        new("POST", "runs/log-inputs", s_run, ("datasets", s_datasets), ("models", List(Object(("model_id", Known(FuzzThing.LoggedModel)))))),
        new("POST", "runs/outputs", s_run, ("models", List(Object(("model_id", Known(FuzzThing.LoggedModel)), ("step", Number(0, 9)))))),
        new("GET", "metrics/get-history", s_run, ("metric_key", Text), ("max_results", s_few), s_token),
        new("GET", "metrics/get-history-bulk", s_run, ("metric_key", Text), ("max_results", s_few)),
        new("GET", "metrics/get-history-bulk-interval", ("run_ids", Known(FuzzThing.Run)), ("metric_key", Text), ("start_step", Number(0, 9)), ("end_step", Number(0, 40)), ("max_results", s_few)),
        new("GET", "artifacts/list", s_run, ("path", Known(FuzzThing.Artifact)), s_token),
        new("POST", "artifacts/presigned-upload-url", s_run, ("path", Known(FuzzThing.Artifact))),
        new("POST", "registered-models/create", ("name", Text), ("tags", Pairs), ("description", Text)),
        new("POST", "registered-models/rename", s_model, ("new_name", Text)),
        new("PATCH", "registered-models/update", s_model, ("description", Text)),
        new("DELETE", "registered-models/delete", s_model),
        new("GET", "registered-models/get", s_model),
        new("GET", "registered-models/search", ("filter", Filter), ("max_results", s_few), ("order_by", OrderBy), s_token),
        new("POST", "registered-models/get-latest-versions", s_model, ("stages", Fixed("[]", "[\"Production\"]", "[\"none\",\"staging\"]"))),
        new("GET", "registered-models/get-latest-versions", s_model),
        new("POST", "registered-models/set-tag", s_model, s_key, s_value),
        new("DELETE", "registered-models/delete-tag", s_model, s_key),
        new("POST", "registered-models/alias", s_model, ("alias", Text), s_version),
        new("DELETE", "registered-models/alias", s_model, ("alias", Text)),
        new("GET", "registered-models/alias", s_model, ("alias", Text)),
        new("POST", "model-versions/create", s_model, ("source", Fixed("\"s3://bucket/m\"", "\"mlflow-artifacts:/1/2/artifacts/m\"", "\"models:/a1/1\"", "\"runs:/x/m\"")), s_run, ("tags", Pairs), ("run_link", Text), ("description", Text)),
        new("POST", "model-versions/create", s_model, ("source", Text), s_run, ("model_id", Known(FuzzThing.LoggedModel))),
        new("PATCH", "model-versions/update", s_model, s_version, ("description", Text)),
        new("POST", "model-versions/transition-stage", s_model, s_version, ("stage", Fixed("\"Production\"", "\"staging\"", "\"Archived\"", "\"None\"")), ("archive_existing_versions", Fixed("true", "false"))),
        new("DELETE", "model-versions/delete", s_model, s_version),
        new("GET", "model-versions/get", s_model, s_version),
        new("GET", "model-versions/get-download-uri", s_model, s_version),
        new("GET", "model-versions/search", ("filter", Filter), ("max_results", s_few), ("order_by", OrderBy), s_token),
        new("POST", "model-versions/set-tag", s_model, s_version, s_key, s_value),
        new("DELETE", "model-versions/delete-tag", s_model, s_version, s_key),
        new("POST", "logged-models", s_experiment, ("name", Text), ("model_type", Text), ("source_run_id", Known(FuzzThing.Run)), ("params", Pairs), ("tags", Pairs)),
        new("GET", "logged-models/{id}", ("allow_deleted", Fixed("true", "false"))),
        new("PATCH", "logged-models/{id}", ("model_id", Known(FuzzThing.LoggedModel)), ("status", Fixed("\"LOGGED_MODEL_READY\"", "2", "3", "\"LOGGED_MODEL_UPLOAD_FAILED\""))),
        new("DELETE", "logged-models/{id}"),
        new("PATCH", "logged-models/{id}/tags", ("tags", Pairs)),
        new("DELETE", "logged-models/{id}/tags/a1"),
        new("POST", "logged-models/{id}/params", ("params", Pairs)),
        new("POST", "logged-models/search", ("experiment_ids", List(Known(FuzzThing.Experiment))), ("filter", Filter), ("max_results", s_few), s_token,
            ("order_by", List(Object(("field_name", Fixed("\"creation_timestamp\"", "\"metrics.loss\"", "\"name\"")), ("ascending", Fixed("true", "false")))))),
        new("GET", "logged-models/{id}/artifacts/directories", ("artifact_directory_path", Known(FuzzThing.Artifact))),
    ];
}
