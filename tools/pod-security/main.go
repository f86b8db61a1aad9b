// Says what the Pod Security admission of an API server says of pods, for the tests: lines of {"level", "minor", "pod"}
// come in, and for each a line of the reasons for which it refuses the pod; none where it doesn't.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type question struct {
	Level string     `json:"level"`
	Minor int        `json:"minor"`
	Pod   corev1.Pod `json:"pod"`
}

func main() {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		wanted := api.LevelVersion{Level: api.Level(asked.Level), Version: api.MajorMinorVersion(1, asked.Minor)}
		reasons := []string{}
		for _, result := range evaluator.EvaluatePod(wanted, &asked.Pod.ObjectMeta, &asked.Pod.Spec) {
			if !result.Allowed {
				reasons = append(reasons, result.ForbiddenReason)
			}
		}
		line, _ := json.Marshal(reasons)
		out.Write(line)
		out.WriteByte('\n')
	}
}
