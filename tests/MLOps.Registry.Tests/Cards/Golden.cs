namespace MLOps.Registry.Tests.Cards;

/// <summary>The card of one version, as programs and people have come to expect it. A change here is a change of a format.</summary>
internal static class Golden
{
    public static string Markdown { get; } =
        """
        # fraud, version 1

        |  |  |
        |---|---|
        | status | Ready, files verified |
        | aliases | `champion` |
        | registered | 2026-01-02 03:04:05.678 UTC by ada |
        | flavors | `onnx` |
        | tags | reviewed = yes\|no |

        ## The model
        > Finds fraud.

        ## This version
        > Trained on \*March\*.\
        > \# Not a heading

        ## Intended use
        > Scores card payments.
        >
        > For the risk team.

        ## Limits
        > Payments in euro.

        ## Ethical notes
        > Checked for bias.

        ## Contact
        > risk@example.org

        ## Metrics
        | metric | value |
        |---|---|
        | roc_auc | 0.875 |
        | val/loss | 0.25 |

        ## Params
        | param | value |
        |---|---|
        | learning_rate | 0.01 |

        ## Inputs
        | column | type | nullable | categories |
        |---|---|---|---|
        | amount | double | no |  |
        | country | string | yes | DE, FR |

        ## Outputs
        | tensor | dtype | shape |
        |---|---|---|
        | score | `float32` | (any, 1024) |

        ## Call params
        | param | type | default |
        |---|---|---|
        | threshold | double | 0.5 |

        ## Files
        | path | bytes | SHA-256 |
        |---|---|---|
        | `MLmodel` | 512 | `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` |
        | `model.onnx` | 1,234,567 | `bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb` |

        1,235,079 bytes in all. Digest of the content: `bfa38b29523c4b8112efc40976474fc0d946359950f08438418ead4c6874f879`

        ## Lineage
        |  |  |
        |---|---|
        | source | `runs:/01a20bafc421726b8c8e51137a2f4c82/model` |
        | run | `01a20bafc421726b8c8e51137a2f4c82` |
        | dataset | payments, digest `9f2c`, for training |
        | code | `4f0a91c`, with changes, branch main, `https://example.org/fraud.git`, trainer 1.2 |
        | made from | `models:/base/4` |

        ## Promotions
        To `alias:champion` under the policy production: applied

        |  | who | when |  |
        |---|---|---|---|
        | proposed | ada | 2026-01-02 03:04:05.678 UTC | Better on March. |
        | evidence, passed |  |  | bias, digest `77aa` |
        | approved | bob | 2026-01-02 04:04:05.678 UTC | Looks good. |
        | applied | bob | 2026-01-02 04:04:05.678 UTC |  |

        ## How to use
        - `models:/fraud/1`
        - `models:/fraud@champion`

        `ModelRegistry.ResolveAsync` turns a URI into verified local files; `AddModel` keeps a service on what an alias points to.

        """.ReplaceLineEndings("\n");

    public static string Json { get; } =
        """
        {
          "version": {
            "model_key": "<model key>",
            "model": "fraud",
            "number": 1,
            "status": "Ready",
            "is_verified": true,
            "stage": "None",
            "description": "Trained on *March*.\n# Not a heading",
            "user": "ada",
            "created_at": "2026-01-02T03:04:05.678+00:00",
            "updated_at": "2026-01-02T03:04:05.678+00:00",
            "tags": {
              "mlops.card.ethical_notes": "Checked for bias.",
              "reviewed": "yes|no"
            },
            "aliases": [
              "champion"
            ],
            "facts": {
              "source": "runs:/01a20bafc421726b8c8e51137a2f4c82/model",
              "location": "file:///models/1",
              "manifest": {
                "files": [
                  {
                    "path": "MLmodel",
                    "size_bytes": 512,
                    "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                  },
                  {
                    "path": "model.onnx",
                    "size_bytes": 1234567,
                    "sha256": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
                  }
                ]
              },
              "flavors": [
                {
                  "name": "onnx",
                  "properties": {
                    "data": "model.onnx"
                  }
                }
              ],
              "signature": {
                "inputs": {
                  "columns": [
                    {
                      "name": "amount",
                      "type": "Double",
                      "is_nullable": false
                    },
                    {
                      "name": "country",
                      "type": "String",
                      "is_nullable": true,
                      "categories": [
                        "DE",
                        "FR"
                      ]
                    }
                  ],
                  "tensors": []
                },
                "outputs": {
                  "columns": [],
                  "tensors": [
                    {
                      "name": "score",
                      "dtype": "float32",
                      "shape": [
                        -1,
                        1024
                      ]
                    }
                  ]
                },
                "params": [
                  {
                    "name": "threshold",
                    "type": "Double",
                    "default": "0.5"
                  }
                ]
              },
              "run_id": "01a20bafc421726b8c8e51137a2f4c82",
              "metrics": {
                "roc_auc": 0.875,
                "val/loss": 0.25
              },
              "params": {
                "learning_rate": "0.01"
              },
              "datasets": [
                {
                  "name": "payments",
                  "digest": "9f2c",
                  "source_type": "local",
                  "source": "",
                  "role": "training",
                  "tags": {}
                }
              ],
              "code": {
                "commit": "4f0a91c",
                "repository": "https://example.org/fraud.git",
                "branch": "main",
                "is_dirty": true,
                "program": "trainer 1.2"
              },
              "parents": [
                {
                  "model": "base",
                  "number": 4
                }
              ],
              "parent_keys": []
            }
          },
          "uri": "models:/fraud/1",
          "size_bytes": 1235079,
          "content_digest": "bfa38b29523c4b8112efc40976474fc0d946359950f08438418ead4c6874f879",
          "model_description": "Finds fraud.",
          "intended_use": "Scores card payments.\n\nFor the risk team.",
          "limits": "Payments in euro.",
          "ethical_notes": "Checked for bias.",
          "contact": "risk@example.org",
          "promotions": [
            {
              "id": "01900000-0000-7000-8000-000000000001",
              "model_key": "<model key>",
              "version": 1,
              "target": "alias:champion",
              "content_digest": "bfa38b29523c4b8112efc40976474fc0d946359950f08438418ead4c6874f879",
              "policy": {
                "name": "production",
                "metrics": [],
                "require_compatible_signature": false,
                "required_tags": {},
                "required_evidence": [
                  "bias"
                ],
                "approvals": 1,
                "proposal_lifetime": "7.00:00:00"
              },
              "reason": "Better on March.",
              "proposed_by": "ada",
              "proposed_at": "2026-01-02T03:04:05.678+00:00",
              "expires_at": "2026-01-09T03:04:05.678+00:00",
              "evidence": [
                {
                  "name": "bias",
                  "passed": true,
                  "digest": "77aa"
                }
              ],
              "approvals": [
                {
                  "actor": "bob",
                  "at": "2026-01-02T04:04:05.678+00:00",
                  "digest": "<digest>",
                  "comment": "Looks good."
                }
              ],
              "status": "Applied",
              "closed_by": "bob",
              "closed_at": "2026-01-02T04:04:05.678+00:00"
            }
          ]
        }
        """.ReplaceLineEndings("\n");
}
