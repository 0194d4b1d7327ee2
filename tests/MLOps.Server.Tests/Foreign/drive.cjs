// Drives a server by the npm package mlflow: node drive.cjs PACKAGE ENDPOINT NAME
// Writes one JSON object: what each call answered, or how it failed. NAME makes the experiment's name unique.
const [, , package, endpoint, name] = process.argv;
console.log = () => {}; // The package prints the body of every request.
const MLflow = require(package);
const { ViewType, RunStatus } = require(`${package}/enum`);
const { Experiments, Runs, Metrics, Artifacts } = new MLflow({ endpoint });

const answers = {};
const call = async (step, act) => {
  try {
    return answers[step] = { answer: await act() };
  } catch (error) {
    // The package hides status and body in the message: "Error: {...}".
    const text = String(error.message);
    const failure = text.includes('{') ? JSON.parse(text.slice(text.indexOf('{'))) : { text };
    return answers[step] = { failure };
  }
};

(async () => {
  const made = await call('Experiments.create', () => Experiments.create({ name }));
  const experiment_id = made.answer.experiment_id;
  await call('Experiments.create twice', () => Experiments.create({ name }));
  await call('Experiments.update', () => Experiments.update({ experiment_id, new_name: `${name} renamed` }));
  await call('Experiments.get', () => Experiments.get({ experiment_id }));

  const started = await call('Runs.create', () =>
    Runs.create({ experiment_id, user_id: 'node', start_time: 1700000000000, tags: [{ key: 'from', value: 'npm' }] }));
  const run_id = started.answer.run.info.run_id;
  await call('Runs.logParameter', () => Runs.logParameter({ run_id, key: 'depth', value: '3' }));
  await call('Runs.logParameter again', () => Runs.logParameter({ run_id, key: 'depth', value: '4' }));
  await call('Runs.logMetric', () => Runs.logMetric({ run_id, key: 'auc', value: 0.5, timestamp: 1700000000001, step: 1 }));
  await call('Runs.logBatch', () => Runs.logBatch({
    run_id,
    metrics: [{ key: 'auc', value: 0.75, timestamp: 1700000000002, step: 2 }, { key: 'loss', value: 1e-3, timestamp: 1700000000002, step: 2 }],
    params: [{ key: 'größe', value: 'ζ' }],
    tags: [{ key: 'team', value: 'a' }, { key: 'gone', value: 'b' }],
  }));
  await call('Runs.setTag', () => Runs.setTag({ run_id, key: 'team', value: 'c' }));
  await call('Runs.deleteTag', () => Runs.deleteTag({ run_id, key: 'gone' }));
  await call('Runs.update', () => Runs.update({ run_id, status: RunStatus.FINISHED, end_time: 1700000001000 }));
  await call('Runs.get', () => Runs.get({ run_id }));
  await call('Metrics.getHistory', () => Metrics.getHistory({ run_id, metric_key: 'auc' }));
  await call('Artifacts.list', () => Artifacts.list({ run_id }));
  await call('Runs.search', () => Runs.search({
    experiment_ids: [experiment_id], filter: "metrics.auc > 0.6 and params.depth = '3'", run_view_type: ViewType.ACTIVE_ONLY, order_by: ['metrics.auc DESC'], max_results: 5 }));

  await call('Runs.delete', () => Runs.delete({ run_id }));
  await call('Runs.search deleted', () => Runs.search({ experiment_ids: [experiment_id], run_view_type: ViewType.DELETED_ONLY }));
  await call('Runs.restore', () => Runs.restore({ run_id }));
  await call('Runs.get missing', () => Runs.get({ run_id: '0'.repeat(32) }));
  await call('Experiments.delete', () => Experiments.delete({ experiment_id }));
  await call('Experiments.restore', () => Experiments.restore({ experiment_id }));

  await call('Experiments.list', () => Experiments.list({ view_type: ViewType.ALL }));
  await call('Experiments.setExperimentTag', () => Experiments.setExperimentTag({ experiment_id, key: 'team', value: 'a' }));
  process.stdout.write(JSON.stringify(answers));
})();
