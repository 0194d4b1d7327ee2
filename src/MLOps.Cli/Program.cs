using MLOps.Cli;

return await Tool.RunAsync(args).ConfigureAwait(false);
